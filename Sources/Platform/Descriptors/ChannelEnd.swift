/// Why a channel ended.
package enum ChannelEnd: Sendable, Equatable {
  /// The peer closed its side; everything it sent was delivered before.
  case endOfFile
  /// A read or write failed.
  case failed(SystemError)
}
