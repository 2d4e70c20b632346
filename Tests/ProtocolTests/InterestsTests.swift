import Protocol
import Testing

/// What clients want to hear of an upstream, and what it tells, as frames.
@Suite struct InterestsTests {
  private func copy(_ interests: Interests) throws -> Interests {
    var writer = JSONWriter()
    interests.write(to: &writer)
    return Interests(try JSONSlice(validating: writer.finish()))
  }

  @Test func roundTrip() throws {
    for interests in [
      .none, Interests(logLevel: .debug, resources: []), Interests(logLevel: nil, resources: ["b:é\"", "a:1"]),
    ] as [Interests] { #expect(try copy(interests) == interests) }
    #expect(
      Interests(nil) == .none && Interests(.trusted(#"{"logLevel":"loud","resources":[1,"a"]}"#)).resources == ["a"])
  }

  @Test func bounds() {
    let long = String(repeating: "x", count: Interests.longestURI)
    let interests = Interests(logLevel: nil, resources: ["b", "a", "b", "", long, long + "x"])
    #expect(interests.resources == ["a", "b", long])
    #expect(Interests(logLevel: nil, resources: (0..<5000).map { "\($0)" }).resources.count == Interests.mostResources)
  }

  @Test func union() {
    let left = Interests(logLevel: .warning, resources: ["a", "b"])
    #expect(left.union(.none) == left && Interests.none.union(left) == left)
    #expect(
      left.union(Interests(logLevel: .info, resources: ["c", "a"]))
        == Interests(logLevel: .info, resources: ["a", "b", "c"]))
  }

  @Test func levels() {
    #expect(MessageLevel.debug < .info && MessageLevel.alert < .emergency && MessageLevel.allCases.count == 8)
    #expect(MessageLevel.mostVerbose(nil, nil) == nil && MessageLevel.mostVerbose(.error, nil) == .error)
  }

  @Test(
    arguments: [
      .none, .likely(OperationID(high: 1, low: 2)), .certain(OperationID(high: 3, low: 4)),
    ] as [UpstreamNotification.Attribution])
  func notification(attribution: UpstreamNotification.Attribution) throws {
    let params = #"{"level":"info","data":{"n": 1.0}}"#
    let frame = UpstreamNotification(
      method: "notifications/message", params: .trusted(params), attribution: attribution
    ).encoded()
    let message = try JSONRPCMessage(parsing: frame)
    #expect(message.kind == .notification(method: WorkerMethod.notification))
    let read = try #require(UpstreamNotification(message.params))
    #expect(read.method == "notifications/message" && read.params.text == params && read.attribution == attribution)
  }

  @Test(arguments: ["{}", #"{"method":"m"}"#, #"{"params":{}}"#, #"{"method":"m","params":[]}"#, "[]", "null"])
  func noNotification(text: String) {
    #expect(UpstreamNotification(.trusted(text)) == nil)
  }

  @Test(arguments: ProtocolRevision.allCases)
  func levelOfARequest(revision: ProtocolRevision) throws {
    let request = UpstreamRequest(revision: revision).operation(
      id: 1, method: "tools/call", parameters: .trusted(#"{"_meta":{"io.modelcontextprotocol/logLevel":"debug"}}"#),
      traceparent: nil, progressToken: nil, logLevel: .notice, version: "1")
    let level = try JSONRPCMessage(parsing: request).params?.member("_meta")?.member("io.modelcontextprotocol/logLevel")
    #expect(level?.string == (revision.era == .modern ? "notice" : nil))
  }
}
