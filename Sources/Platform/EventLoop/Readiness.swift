import CLinux

/// What epoll says of a descriptor, or what a watch asks for.
package struct Readiness: OptionSet, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let readable = Readiness(rawValue: EPOLLIN.rawValue)
  package static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
  /// The peer closed its writing side or the whole connection.
  package static let peerClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
  /// Reported whether asked for or not.
  package static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
  /// Reported whether asked for or not.
  package static let failure = Readiness(rawValue: EPOLLERR.rawValue)
  /// Reports changes only. Readers and writers must go on until the kernel says that there is no more.
  package static let edgeTriggered = Readiness(rawValue: EPOLLET.rawValue)
}
