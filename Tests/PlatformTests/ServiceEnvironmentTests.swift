import Glibc
import Platform
import TestSupport
import Testing

/// What a service manager says in the environment, and the sockets that it passes on.
@Suite struct ServiceEnvironmentTests {
  private static func environment(_ variables: [String: String]) throws(ServiceEnvironment.Failure)
    -> ServiceEnvironment
  {
    try ServiceEnvironment(pid: 42) { variables[$0] }
  }

  @Test func nothingIsSaidWithoutAManager() throws {
    let nothing = try Self.environment([:])
    #expect(nothing == ServiceEnvironment())
    #expect(nothing.notifySocket == nil && nothing.watchdog == nil && !nothing.isManaged)
    #expect(try Self.environment(["NOTIFY_SOCKET": ""]).notifySocket == nil)
  }

  @Test(arguments: [
    (["WATCHDOG_USEC": "30000000"], Duration.seconds(30)),
    (["WATCHDOG_USEC": "1500", "WATCHDOG_PID": "42"], .microseconds(1500)),
    (["WATCHDOG_USEC": "1500", "WATCHDOG_PID": "43"], nil),
    (["WATCHDOG_PID": "42"], nil),
  ])
  func watchdog(_ variables: [String: String], _ expected: Duration?) throws {
    #expect(try Self.environment(variables).watchdog == expected)
  }

  @Test(
    arguments: [
      (["LISTEN_PID": "42", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "control:http"], [3: "control", 4: "http"]),
      (["LISTEN_PID": "42", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a"], [3: "a", 4: ""]),
      (["LISTEN_PID": "42", "LISTEN_FDS": "1"], [3: ""]),
      (["LISTEN_PID": "42", "LISTEN_FDS": "0"], [:]),
      (["LISTEN_PID": "43", "LISTEN_FDS": "1"], [:]),
      (["LISTEN_FDS": "1"], [:]),
    ] as [([String: String], [Int32: String])])
  func descriptors(_ variables: [String: String], _ expected: [Int32: String]) throws {
    let found = try Self.environment(variables).descriptors
    #expect(Dictionary(uniqueKeysWithValues: found.map { ($0.number, $0.name) }) == expected)
  }

  @Test(arguments: [
    ["WATCHDOG_USEC": "0"], ["WATCHDOG_USEC": "-1"], ["WATCHDOG_USEC": "18446744073709551615"],
    ["WATCHDOG_USEC": "30s"], ["LISTEN_PID": "42"], ["LISTEN_PID": "42", "LISTEN_FDS": "-1"],
    ["LISTEN_PID": "42", "LISTEN_FDS": "1000000"], ["LISTEN_PID": "42", "LISTEN_FDS": "x"],
  ])
  func refusals(_ variables: [String: String]) {
    #expect(throws: ServiceEnvironment.Failure.self) { try Self.environment(variables) }
  }

  @Test func onlyTheProcessThatTheManagerStartedIsManaged() throws {
    #expect(try Self.environment(["SYSTEMD_EXEC_PID": "42"]).isManaged)
    #expect(try !Self.environment(["SYSTEMD_EXEC_PID": "41", "INVOCATION_ID": "0"]).isManaged)
    #expect(try Self.environment(["NOTIFY_SOCKET": "/run/notify"]).isManaged)
  }

  @Test func itsVariablesAreNobodyElsesBusiness() {
    for name in ["NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"] {
      #expect(ServiceEnvironment.isPrivate(name))
    }
    for name in ["PATH", "NOTIFY", "LISTENER", "WATCHDOG"] { #expect(!ServiceEnvironment.isPrivate(name)) }
  }

  // MARK: Sockets

  private static let unix = SocketFacts(address: .unix(path: "/run/a"))
  private static let internet = SocketFacts(address: .internet(address: "127.0.0.1", port: 9090))

  private static func assign(_ passed: [(String, SocketFacts?)]) throws(ServiceEnvironment.Failure)
    -> PassedSockets.Assignment
  {
    let names = passed.map(\.0).joined(separator: ":")
    let variables = ["LISTEN_PID": "42", "LISTEN_FDS": "\(passed.count)", "LISTEN_FDNAMES": names]
    let descriptors = try environment(variables).descriptors
    return try PassedSockets.assign(zip(descriptors, passed.map(\.1)).map { ($0, $1) })
  }

  @Test func aSocketIsForWhatItsFamilySays() throws {
    for (first, second) in [("control", "http"), ("warmplane.socket", "warmplane.socket"), ("", "")] {
      #expect(try Self.assign([(first, Self.unix), (second, Self.internet)]) == .init(control: 3, http: 4))
      #expect(try Self.assign([(second, Self.internet), (first, Self.unix)]) == .init(control: 4, http: 3))
    }
    #expect(try Self.assign([("http", Self.internet)]) == .init(control: nil, http: 3))
    #expect(try Self.assign([]) == .init())
  }

  @Test(
    arguments: [
      ([("control", nil)], "descriptor 3 (control) of the service manager is not an open socket"),
      ([("http", unix)], "is a Unix socket"), ([("control", internet)], "is an IP socket"),
      ([("a", unix), ("b", unix)], "descriptor 4 (b) of the service manager is the second Unix socket"),
      ([("a", internet), ("b", internet)], "is the second IP socket"),
      ([("", SocketFacts(address: .unix(path: "/a"), isStream: false))], "is not a stream socket"),
      ([("", SocketFacts(address: .unix(path: "/a"), isListening: false))], "does not listen"),
      ([("", SocketFacts(address: .other))], "of a family that is not known"),
    ] as [([(String, SocketFacts?)], String)])
  func unusableSockets(_ passed: [(String, SocketFacts?)], _ sentence: String) {
    #expect {
      try Self.assign(passed)
    } throws: { error in
      "\(error)".contains(sentence)
    }
  }

  @Test func theKernelIsAskedWhatASocketIs() throws {
    let scratch = try ScratchDirectory()
    let unix = try UnixSocket.listen(at: scratch.file("s"))
    #expect(SocketFacts(of: unix.number) == SocketFacts(address: .unix(path: scratch.file("s"))))
    let internet = try LoopbackSocket.listen(.v4, port: 0)
    let facts = try #require(SocketFacts(of: internet.number))
    guard case .internet("127.0.0.1", let port) = facts.address else { throw TestFailure("\(facts)") }
    #expect(port > 0 && facts.isStream && facts.isListening)
    let pair = try UnixSocket.pair()
    var ends = consume pair
    let end = ends.takeFirst()
    #expect(SocketFacts(of: end.number)?.isListening == false)
    let null = try OwnedDescriptor.open("/dev/null", O_RDONLY)
    #expect(SocketFacts(of: null.number) == nil)
    #expect(SocketFacts(of: -1) == nil)
  }
}
