import Protocol

/// What the bridge must know of a message of our own daemon, read from its first bytes: results can be 64 MiB long and are
/// only passed on. The daemon writes `jsonrpc` first and `id` or `method` second.
enum MessageHead: Equatable {
  case answer(RequestID, isError: Bool)
  /// The first message on a subscription (2026-07-28).
  case acknowledgement
  /// A notification, or an error that belongs to no request.
  case other

  private static let answerStart = Array(#"{"jsonrpc":"2.0","id":"#.utf8)
  private static let errorStart = Array(#","error":"#.utf8)
  private static let acknowledgementStart = Array(
    #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged""#.utf8)

  init(_ payload: [UInt8]) {
    if payload.starts(with: Self.answerStart),
      let (id, rest) = Self.id(in: payload[Self.answerStart.count...])
    {
      self = .answer(id, isError: rest.starts(with: Self.errorStart))
    } else {
      self = payload.starts(with: Self.acknowledgementStart) ? .acknowledgement : .other
    }
  }

  /// The id at the start of `text`, a number or a string, and what comes behind it.
  private static func id(in text: ArraySlice<UInt8>) -> (RequestID, ArraySlice<UInt8>)? {
    var end = text.startIndex
    if text.first == UInt8(ascii: "\"") {
      end += 1
      while end < text.endIndex, text[end] != UInt8(ascii: "\"") {
        end += text[end] == UInt8(ascii: "\\") ? 2 : 1
      }
      end += 1
    } else {
      while end < text.endIndex, text[end] != UInt8(ascii: ",") { end += 1 }
    }
    guard end <= text.endIndex, let slice = try? JSONSlice(validating: Array(text[text.startIndex..<end])),
      let id = RequestID(slice)
    else { return nil }
    return (id, text[end...])
  }
}
