import Protocol
import Testing

@testable import UpstreamWorker

@Suite struct HandshakeTests {
  private func established(_ event: Handshake.Event, era: ProtocolRevision.Era?) -> Established? {
    var handshake = Handshake(era: era, version: "9.9.9")
    _ = handshake.handle(.started)
    for case .established(let session) in handshake.handle(event) { return session }
    return nil
  }

  @Test func modernSessionKeepsWhatTheUpstreamSaid() throws {
    let result = """
      {"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}},
       "instructions":"Be kind.","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"demo","version":"1"}}}
      """
    let session = try #require(established(.result(1, result), era: nil))
    #expect(session.capabilities.text == #"{"tools":{"listChanged":true}}"#)
    #expect(session.serverInfo?.text == #"{"name":"demo","version":"1"}"#)
    #expect(session.instructions == "Be kind.")
  }

  /// DISC-2: the shape of pre-releases.
  @Test func serverInfoInTheBody() throws {
    let result = #"{"supportedVersions":["2026-07-28"],"capabilities":{},"serverInfo":{"name":"old"}}"#
    #expect(try #require(established(.result(1, result), era: nil)).serverInfo?.text == #"{"name":"old"}"#)
  }

  @Test func legacySessionWithoutCapabilities() throws {
    let session = try #require(established(.result(1, #"{"protocolVersion":"2025-06-18"}"#), era: .legacy))
    #expect(session.capabilities.text == "{}" && session.serverInfo == nil && session.instructions == nil)
  }

  @Test func wordsOfTheUpstreamAreBounded() throws {
    var log = HandshakeLog(era: .legacy)
    log.take(.started)
    log.take(.initialized(1, String(repeating: "9", count: 100_000)))
    let sentence = try #require(log.actions.last)
    #expect(sentence.hasPrefix("failed: answered initialize with protocol version 999"))
    #expect(sentence.count < Handshake.longestDetail + 20)
  }

  @Test func isProbingUntilAnswered() {
    var handshake = Handshake(era: nil, version: "1")
    #expect(!handshake.isProbing)
    _ = handshake.handle(.started)
    #expect(handshake.isProbing)
    _ = handshake.handle(.error(1, -32601))
    #expect(!handshake.isProbing)
  }

  // MARK: Random walks

  private static let events: [@Sendable (Int) -> Handshake.Event] = [
    { _ in .started }, { _ in .probeTimedOut }, { _ in .exited("exited") }, { .discovered($0, "2026-07-28") },
    { .discovered($0, "2025-11-25") }, { .initialized($0, "2025-06-18") }, { .initialized($0, "2026-07-28") },
    { .error($0, -32601) }, { .error($0, -32602) }, { .error($0, -32020) }, { .unsupported($0, "2026-07-28") },
    { .unsupported($0, "2025-03-26") }, { .error($0, -32602, #"{"supported":["2025-03-26"]}"#) }, { .result($0, "{}") },
  ]

  /// On every way: one outcome and nothing after it; ids grow; one restart; it comes to an end.
  @Test(arguments: 0..<20)
  func invariants(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    var outcomes: Set<String> = []
    for _ in 0..<100 {
      var log = HandshakeLog(era: [nil, .legacy, .modern].randomElement(using: &generator) ?? nil)
      log.take(.started)
      for _ in 0..<60 {
        // Mostly answers to what is out, some to what was or never will be.
        let id = max(0, log.handshake.lastID - [0, 0, 0, 0, 1, -1].randomElement(using: &generator)!)
        if let make = Self.events.randomElement(using: &generator) { log.take(make(id)) }
      }
      let ends = log.actions.indices.filter {
        log.actions[$0].hasPrefix("established") || log.actions[$0].hasPrefix("failed")
      }
      #expect(ends.count == 1 && ends.first == log.actions.count - 1, "\(log.actions)")
      #expect(log.ids == Array(1...log.ids.count), "ids are used once, in order")
      #expect(log.ids.last == log.handshake.lastID)
      #expect(log.actions.count { $0 == "restart" } <= 1)
      #expect(log.actions.count { $0.hasPrefix("discover") } <= 2)
      #expect(log.actions.count { $0.hasPrefix("initialize") } <= 6)
      if let last = log.actions.last { outcomes.insert(String(last.prefix(11))) }
    }
    #expect(outcomes.count >= 2, "the walks got nowhere")
  }
}

extension JSONSlice {
  /// The value's own text.
  var text: String { String(decoding: bytes, as: UTF8.self) }
}
