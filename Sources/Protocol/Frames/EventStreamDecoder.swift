/// Reads server-sent events from a byte stream (WHATWG HTML section 9.2, "Server-sent events") in whatever pieces it
/// comes. Pure.
///
/// Data is handed on as bytes: whoever parses it notices what is no UTF-8. Comments and unknown fields are dropped as
/// they arrive, so that a stream of nothing else needs no memory. An event that the stream leaves unfinished is never
/// told.
package struct EventStreamDecoder: Sendable {
  package struct Event: Sendable, Equatable {
    /// `message` unless the event says otherwise.
    package let name: String
    /// The lines of data, with line feeds between them.
    package let data: [UInt8]
    /// The last event id when this event was dispatched, its own or an earlier one; nil when there is none.
    package let id: String?

    package init(name: String = "message", data: [UInt8], id: String? = nil) {
      self.name = name
      self.data = data
      self.id = id
    }
  }

  package enum Element: Sendable, Equatable {
    case event(Event)
    /// An event whose data is over the limit, or whose name or id is over `longestName`. Told as soon as that is known;
    /// the rest of the event is dropped.
    case oversized
  }

  /// Bytes of an event's name or id.
  package static let longestName = 4096

  /// What the server wants to be waited before a reconnect, at most 2³¹−1.
  package private(set) var retryMilliseconds: Int?
  /// To be sent as `Last-Event-ID` with a reconnect; empty when there is none.
  package private(set) var lastEventID = ""

  private enum Field { case data, event, id, retry, ignored }

  private enum State {
    /// So many bytes of a byte order mark at the start of the stream.
    case mark(Int)
    case lineStart
    /// In a field's name, of which `name` has the bytes.
    case name
    /// Behind the colon: one space is no part of the value.
    case valueStart
    case value
  }

  private let limit: Int
  private var state = State.mark(0)
  /// The last byte was a carriage return, which ended a line: a line feed belongs to it.
  private var isAfterReturn = false
  private var name: [UInt8] = []
  private var field = Field.ignored
  /// The value of a field other than data.
  private var value: [UInt8] = []
  private var data: [UInt8] = []
  private var hasData = false
  private var eventName: [UInt8] = []
  private var eventID: [UInt8]
  private var isOversized = false

  /// `limit`: most bytes of one event's data. `lastEventID`: where an earlier stream ended that this one continues.
  package init(limit: Int, lastEventID: String = "") {
    self.limit = limit
    self.lastEventID = lastEventID
    eventID = Array(lastEventID.utf8)
  }

  /// Bytes that are held of an unfinished event.
  package var heldBytes: Int { data.count + value.count + name.count + eventName.count }

  /// Whether the stream is in the middle of an event that has data.
  package var isInEvent: Bool { hasData || isOversized }

  /// Takes a piece of the stream and calls `body` for everything that it completes, in order.
  package mutating func feed(_ chunk: UnsafeRawBufferPointer, _ body: (Element) -> Void) {
    var index = 0
    while index < chunk.count {
      let byte = chunk[index]
      if isAfterReturn {
        isAfterReturn = false
        if byte == 0x0a {
          index += 1
          continue
        }
      }
      switch state {
      case .mark(let count):
        state = readMark(byte, count)
        if case .mark = state { index += 1 }
      case .lineStart, .name, .valueStart:
        index += 1
        read(byte, body)
      case .value:
        let rest = UnsafeRawBufferPointer(rebasing: chunk[index...])
        let length = rest.firstIndex { $0 == 0x0a || $0 == 0x0d } ?? rest.count
        append(UnsafeRawBufferPointer(rebasing: rest[..<length]), body)
        index += length
        if index < chunk.count {
          endLine(chunk[index], body)
          index += 1
        }
      }
    }
  }

  // MARK: Lines

  private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

  /// The next state; another one than `.mark` means that `byte` is still to be read.
  private mutating func readMark(_ byte: UInt8, _ count: Int) -> State {
    if count < 3, byte == Self.byteOrderMark[count] { return .mark(count + 1) }
    if count == 3 { return .lineStart }
    // It was none: what looked like it begins a name.
    name = Array(Self.byteOrderMark.prefix(count))
    return count == 0 ? .lineStart : .name
  }

  private mutating func read(_ byte: UInt8, _ body: (Element) -> Void) {
    if byte == 0x0a || byte == 0x0d {
      if case .lineStart = state {
        isAfterReturn = byte == 0x0d
        dispatch(body)
        return
      }
      if case .name = state { beginValue(body) }
      endLine(byte, body)
      return
    }
    switch state {
    case .valueStart:
      state = .value
      if byte != 0x20 { withUnsafeBytes(of: byte) { append($0, body) } }
    case .lineStart where byte == UInt8(ascii: ":"):
      field = .ignored
      state = .value
    case _ where byte == UInt8(ascii: ":"):
      beginValue(body)
      state = .valueStart
    default:
      state = .name
      name.append(byte)
      if name.count > Self.longestFieldName {
        name = []
        field = .ignored
        state = .value
      }
    }
  }

  private static let longestFieldName = 5

  /// The name is complete.
  private mutating func beginValue(_ body: (Element) -> Void) {
    field =
      switch String(decoding: name, as: UTF8.self) {
      case "data": .data
      case "event": .event
      case "id": .id
      case "retry": .retry
      default: .ignored
      }
    name = []
    value = []
    if case .data = field, !isOversized {
      if hasData { withUnsafeBytes(of: UInt8(0x0a)) { append($0, body) } }
      hasData = !isOversized
    }
  }

  private mutating func append(_ bytes: UnsafeRawBufferPointer, _ body: (Element) -> Void) {
    switch field {
    case .ignored: return
    case .data:
      if isOversized { return }
      if data.count + bytes.count > limit { return oversize(body) }
      data.append(contentsOf: bytes)
    case .event, .id, .retry:
      if value.count + bytes.count > Self.longestName {
        // A long reconnection time is no number that anybody means.
        if case .retry = field {} else if !isOversized { oversize(body) }
        value = []
        field = .ignored
        return
      }
      value.append(contentsOf: bytes)
    }
  }

  private mutating func oversize(_ body: (Element) -> Void) {
    isOversized = true
    hasData = false
    data = []
    body(.oversized)
  }

  private mutating func endLine(_ lineBreak: UInt8, _ body: (Element) -> Void) {
    isAfterReturn = lineBreak == 0x0d
    state = .lineStart
    switch field {
    case .data, .ignored: break
    case .event: eventName = value
    case .id: if !value.contains(0) { eventID = value }
    case .retry:
      if !value.isEmpty, value.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
        retryMilliseconds = value.reduce(0) { min($0 * 10 + Int($1 - 0x30), Int(Int32.max)) }
      }
    }
    value = []
    field = .ignored
  }

  /// An empty line.
  private mutating func dispatch(_ body: (Element) -> Void) {
    // Also of an event that is dropped: a server that sent it again would only repeat the trouble.
    if eventID != Array(lastEventID.utf8) { lastEventID = String(decoding: eventID, as: UTF8.self) }
    let event: Event? =
      hasData
      ? Event(
        name: eventName.isEmpty ? "message" : String(decoding: eventName, as: UTF8.self), data: data,
        id: lastEventID.isEmpty ? nil : lastEventID) : nil
    data = []
    hasData = false
    eventName = []
    isOversized = false
    if let event { body(.event(event)) }
  }
}
