import Platform
import Protocol

@testable import Front

/// A request over HTTP whose answer is looked at here. Its client reads when it is told to.
final class FakeConnection: MCPConnection {
  private(set) var status: Int?
  private(set) var headers: [String: String] = [:]
  private(set) var body: [UInt8] = []
  private(set) var events: FakeEventBody?
  private var onLeave: (() -> Void)?
  private var hasLeft = false

  var isOpen: Bool { !hasLeft && status == nil }
  var text: String { String(decoding: body, as: UTF8.self) }
  /// The error of a refusal.
  var code: Int? { try? JSONSlice(validating: body).member("error")?.member("code")?.int }

  func respond(status: Int, headers: [(name: String, value: String)], contentType: String?, body: [UInt8]) {
    guard begin(status, headers) else { return }
    self.body = body
  }

  func openEvents(headers: [(name: String, value: String)]) -> (any EventBody)? {
    guard begin(200, headers) else { return nil }
    let events = FakeEventBody()
    self.events = events
    return events
  }

  private func begin(_ status: Int, _ headers: [(name: String, value: String)]) -> Bool {
    if hasLeft { return false }
    precondition(self.status == nil, "answered twice")
    self.status = status
    for header in headers { self.headers[header.name] = header.value }
    onLeave = nil
    return true
  }

  func onDisconnect(_ action: @escaping () -> Void) { if hasLeft { action() } else { onLeave = action } }

  func hasDelivered(_ mark: Int) -> Bool { hasLeft || status != nil }

  /// The client goes away.
  func leave() {
    hasLeft = true
    let action = onLeave
    onLeave = nil
    action?()
    events?.leave()
  }

  /// What came as events so far.
  var told: [String] { (events?.all ?? []).map { String(decoding: $0.data, as: UTF8.self) } }
}

/// A stream whose bytes stay here.
final class FakeEventBody: EventBody {
  var onDisconnect: (() -> Void)?
  private(set) var isOpen = true
  private(set) var hasEnded = false
  private(set) var written: [UInt8] = []
  private(set) var takenBytes = 0
  var sentBytes: Int { takenBytes }
  /// Called after each write.
  var onWrite: (() -> Void)?

  var waitingBytes: Int { written.count - takenBytes }
  var text: String { String(decoding: written, as: UTF8.self) }

  func write(_ pieces: [[UInt8]]) -> Bool {
    guard isOpen else { return false }
    for piece in pieces { written += piece }
    onWrite?()
    return true
  }

  func end() {
    isOpen = false
    hasEnded = true
    onDisconnect = nil
  }

  func cutOff() {
    isOpen = false
    onDisconnect = nil
  }

  func leave() {
    isOpen = false
    let action = onDisconnect
    onDisconnect = nil
    action?()
  }

  func hasDelivered(_ mark: Int) -> Bool { takenBytes >= mark }

  /// The client reads everything, or so many bytes.
  func read(_ count: Int = .max) { takenBytes += min(count, waitingBytes) }

  var all: [EventStreamDecoder.Event] {
    var events: [EventStreamDecoder.Event] = []
    var decoder = EventStreamDecoder(limit: 1 << 20)
    written.withUnsafeBytes { bytes in
      decoder.feed(bytes) { if case .event(let event) = $0 { events.append(event) } }
    }
    return events
  }
}
