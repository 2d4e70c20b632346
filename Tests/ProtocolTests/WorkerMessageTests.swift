import Protocol
import Testing

/// Launch, session, snapshot and hello: what is written is read back; what is incomplete is nil.
@Suite struct WorkerMessageTests {
  private func written(_ write: (inout JSONWriter) -> Void) throws -> JSONSlice {
    var writer = JSONWriter()
    write(&writer)
    return try JSONSlice(validating: writer.finish())
  }

  /// `object` without the member `name`.
  private func removing(_ name: String, from object: JSONSlice) throws -> JSONSlice {
    try written { writer in
      writer.beginObject()
      for (key, value) in object.members where !key.isString(name) {
        writer.key(splicing: key)
        writer.splice(value)
      }
      writer.endObject()
    }
  }

  // MARK: UpstreamLaunch

  private func launch(
    era: ProtocolRevision.Era?, _ transport: UpstreamLaunch.Transport = WorkerMessageTests.stdio
  ) -> UpstreamLaunch {
    UpstreamLaunch(
      server: "té st", fingerprint: "f", mark: "m", transport: transport, startTimeoutMilliseconds: 60_000,
      discoverTimeoutMilliseconds: 10_000, graceMilliseconds: 2000, orphanSeconds: 300, era: era)
  }

  private static let stdio = UpstreamLaunch.Transport.stdio(
    StdioLaunch(
      command: "/bin/x", arguments: ["-a", "", "b\n\"c"], environment: ["A=1", "B=é=\u{1}", "C="], directory: "/tmp"))

  private static var http: [UpstreamLaunch.Transport] {
    var oauth = OAuthLaunch(storePath: "/s/mcp-auth.json", storeKey: "k")
    oauth.grant = .clientCredentials
    oauth.clientID = "c"
    oauth.clientSecret = "é\n"
    oauth.privateKeyFile = "/k.pem"
    oauth.signingAlgorithm = "ES256"
    oauth.issuer = "https://as.example"
    oauth.scope = "a b"
    oauth.authorizationServer = "https://as.example"
    oauth.resourceMetadataURL = "https://x.example/prm"
    oauth.tokenEndpoint = "https://as.example/token"
    oauth.allowsLoopback = true
    return [
      .http(HTTPLaunch(url: "https://x.example/mcp")),
      .http(
        HTTPLaunch(
          url: "http://127.0.0.1:1/", protocolVersion: .june2025, allowStateless: false,
          headers: [.init("X-A", "é"), .init("X-A", "")], credentials: .fixed("Bearer t"),
          authorityFile: "/ca.pem", proxies: ["https_proxy=http://p:1"])),
      .http(HTTPLaunch(url: "https://x.example/mcp", allowStateless: true, credentials: .oauth(oauth))),
    ]
  }

  @Test func transportRoundTrip() throws {
    for transport in Self.http + [Self.stdio] {
      let launch = launch(era: nil, transport)
      let read = try #require(UpstreamLaunch(try written { launch.write(to: &$0) }))
      #expect(read.transport == transport)
    }
  }

  @Test(arguments: [
    "{}", #"{"url":7}"#, #"{"url":"u","protocolVersion":"1999"}"#, #"{"url":"u","authorization":7}"#,
    #"{"url":"u","oauth":{}}"#,
  ])
  func httpLaunchIsNeverHalf(text: String) {
    #expect(HTTPLaunch(.trusted(text)) == nil)
  }

  @Test(arguments: [nil, ProtocolRevision.Era.legacy, .modern])
  func launchRoundTrip(era: ProtocolRevision.Era?) throws {
    let launch = launch(era: era)
    let read = try #require(UpstreamLaunch(try written { launch.write(to: &$0) }))
    #expect(read.server == launch.server && read.fingerprint == "f" && read.mark == "m")
    #expect(read.transport == Self.stdio)
    #expect(read.startTimeoutMilliseconds == 60_000 && read.discoverTimeoutMilliseconds == 10_000)
    #expect(read.graceMilliseconds == 2000 && read.orphanSeconds == 300 && read.era == era)
  }

  @Test(arguments: [
    "server", "fingerprint", "mark", "command", "cwd", "startTimeoutMs", "discoverTimeoutMs", "graceMs",
    "orphanSeconds",
  ])
  func launchWithout(member: String) throws {
    let whole = try written { launch(era: nil).write(to: &$0) }
    #expect(UpstreamLaunch(whole) != nil)
    #expect(UpstreamLaunch(try removing(member, from: whole)) == nil)
  }

  @Test(arguments: ["[]", "null", "7", "{}", #"{"server":7}"#])
  func noLaunch(text: String) {
    #expect(UpstreamLaunch(.trusted(text)) == nil)
  }

  // MARK: UpstreamSession

  private let session = UpstreamSession(
    pid: 77, revision: .june2025, capabilities: .trusted(#"{"tools": {"x": 1.0}}"#),
    serverInfo: .trusted(#"{"name" : "\u00e9"}"#), instructions: "Be\nkind.", catalogHash: "abc",
    listErrors: ["one", "two"], meta: .trusted(#"{"a": 1.0}"#))

  @Test func sessionRoundTrip() throws {
    let read = try #require(UpstreamSession(try written { session.write(to: &$0) }))
    #expect(read.pid == 77 && read.revision == .june2025 && read.capabilities.text == #"{"tools": {"x": 1.0}}"#)
    #expect(read.serverInfo?.text == #"{"name" : "\u00e9"}"# && read.instructions == "Be\nkind.")
    #expect(read.catalogHash == "abc" && read.listErrors == ["one", "two"] && read.meta?.text == #"{"a": 1.0}"#)
  }

  @Test(arguments: ["protocolVersion", "capabilities", "catalogHash"])
  func sessionWithout(member: String) throws {
    #expect(UpstreamSession(try removing(member, from: try written { session.write(to: &$0) })) == nil)
  }

  @Test(arguments: ["pid", "serverInfo", "instructions", "listErrors", "meta"])
  func sessionNeedNotHave(member: String) throws {
    #expect(UpstreamSession(try removing(member, from: try written { session.write(to: &$0) })) != nil)
  }

  @Test func hostileSession() throws {
    #expect(UpstreamSession(nil) == nil)
    let text = #"{"pid":99999999999,"protocolVersion":"2025-11-25","capabilities":7,"catalogHash":""}"#
    #expect(try #require(UpstreamSession(.trusted(text))).pid == .max)
    #expect(UpstreamSession(.trusted(text.replacing("2025-11-25", with: "2099-01-01"))) == nil)
  }

  // MARK: ForgottenQuestions

  @Test func forgottenQuestions() throws {
    var forgotten = ForgottenQuestions()
    #expect(forgotten.excludes("a", since: .min + 1))
    forgotten.add("a", at: 100)
    forgotten.add("b", at: 300)
    forgotten.add("a", at: 200)
    // What came before the question was another one with the same id.
    for (asker, moment, isExcluded) in [
      ("a", 99, false), ("a", 200, false), ("a", 201, true), ("b", 201, false), ("b", 301, true), ("c", 0, true),
    ] as [(String, Int64, Bool)] {
      #expect(forgotten.excludes(asker, since: moment) == isExcluded, "\(asker) \(moment)")
    }
    // More than it remembers.
    for number in 0..<(3 * 512 as Int64) { forgotten.add("x", at: 1000 + number) }
    #expect(!forgotten.excludes("c", since: 300), "what is too old is not known")
    #expect(!forgotten.excludes("c", since: 1000) && forgotten.excludes("c", since: 4000))
    #expect(ForgottenQuestions(try written { forgotten.write(to: &$0) }) == forgotten)
    #expect(ForgottenQuestions(try written { ForgottenQuestions().write(to: &$0) }) == ForgottenQuestions())
    for text in ["{}", #"{"askers":["a"]}"#, #"{"askers":[1,2]}"#, #"{"askers":["a","b"]}"#, #"{"askers":{}}"#] {
      #expect(ForgottenQuestions(.trusted(text)) == nil, "\(text)")
    }
  }

  // MARK: WorkerSnapshot

  private func snapshot(_ session: UpstreamSession?) -> WorkerSnapshot {
    WorkerSnapshot(
      frameVersion: 1, pid: 12, startedAt: 1 << 60, version: "0.1.0", server: "s", fingerprint: "f", mark: "m",
      session: session, isStarting: session == nil,
      inFlight: [
        InFlightOperation(
          operation: OperationID(high: 1, low: 2), blob: .trusted(#"{"b": 1.0}"#), remainingMilliseconds: 7)
      ],
      unacknowledged: [OperationID(high: 3, low: 4), OperationID(high: 5, low: 6)],
      interests: Interests(logLevel: .error, resources: ["a:b"]), forgotten: ForgottenQuestions())
  }

  @Test(arguments: [true, false])
  func snapshotRoundTrip(hasSession: Bool) throws {
    let snapshot = snapshot(hasSession ? session : nil)
    let read = try #require(WorkerSnapshot(try written { snapshot.write(to: &$0) }))
    #expect(read.frameVersion == 1 && read.pid == 12 && read.version == "0.1.0" && read.server == "s")
    #expect(read.fingerprint == "f" && read.mark == "m" && read.session?.pid == (hasSession ? 77 : nil))
    #expect(read.isStarting == !hasSession)
    #expect(read.startedAt == 1 << 60 && read.unacknowledged == snapshot.unacknowledged)
    #expect(read.interests == snapshot.interests && read.forgotten == ForgottenQuestions())
    let operation = try #require(read.inFlight.first)
    #expect(read.inFlight.count == 1 && operation.operation == OperationID(high: 1, low: 2))
    #expect(operation.blob.text == #"{"b": 1.0}"# && operation.remainingMilliseconds == 7)
  }

  @Test(arguments: [
    "{}", "[]", #"{"frameVersion":1,"pid":1,"startedAt":1}"#, #"{"frameVersion":1,"pid":1,"version":"x"}"#,
    #"{"frameVersion":"1","pid":1,"startedAt":1,"version":"x"}"#,
  ])
  func noSnapshot(text: String) {
    #expect(WorkerSnapshot(.trusted(text)) == nil)
  }

  @Test func anUnreadableSessionIsNone() throws {
    let text =
      #"{"frameVersion":1,"pid":1,"startedAt":1,"version":"x","session":{"pid":1},"inFlight":7,"unacknowledged":["x"]}"#
    let read = try #require(WorkerSnapshot(.trusted(text)))
    #expect(read.session == nil && read.inFlight.isEmpty && read.unacknowledged.isEmpty && read.server == "")
  }

  // MARK: WorkerHello

  @Test func helloRoundTrip() throws {
    let read = WorkerHello(try written { WorkerHello.current.write(to: &$0) })
    #expect(read == .current && read.commonFrameVersion == 1)
  }

  @Test(
    arguments: [
      ("{}", nil), ("[]", nil), (#"{"frameVersions":[]}"#, nil), (#"{"frameVersions":[2,3]}"#, nil),
      (#"{"frameVersions":["1"]}"#, nil), (#"{"frameVersions":1}"#, nil), (#"{"frameVersions":[9,1]}"#, 1),
    ] as [(String, Int?)])
  func commonVersion(text: String, version: Int?) {
    #expect(WorkerHello(.trusted(text)).commonFrameVersion == version)
  }

  @Test func noHello() { #expect(WorkerHello(nil).commonFrameVersion == nil) }
}
