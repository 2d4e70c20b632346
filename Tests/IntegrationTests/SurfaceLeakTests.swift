import Glibc
import Protocol
import Testing

/// Ten thousand requests, good and hostile, cost neither descriptors nor memory.
@Suite("leaks", .timeLimit(.minutes(5)))
struct SurfaceLeakTests {
  /// Growth of a process that is taken for noise of the allocator: a byte per round would be 10 KB, a forgotten
  /// operation more than 1 MB.
  private static let noise = 1 << 20
  private static let json = "Content-Type: application/json"
  private static let config = DaemonConfig(
    servers: [.fake("fake"), .fake("brief", members: ["timeout": "20"])], members: ["policy": #"{"deny": ["denied"]}"#])

  /// What is counted of one process.
  struct Usage: CustomStringConvertible {
    let descriptors: Int
    let memory: Int
    var description: String { "\(descriptors) descriptors, \(memory >> 10) KiB" }

    init(_ daemon: DaemonFixture, _ pid: Int32) throws {
      descriptors = try daemon.restingDescriptorCount(of: pid)
      memory = DaemonFixture.memory(of: pid)
    }
  }

  @Test("10,000 rounds leave descriptors and memory as they were")
  func rounds() async throws {
    try await DaemonFixture.run(Self.config, environment: ["WARMPLANE_LOG": "error"]) { daemon in
      let row = try daemon.wait(for: "fake")
      try daemon.wait(for: "brief")
      guard let worker = row.member("worker_pid")?.int.map({ Int32($0) }) else {
        throw SurfaceHTTPClient.Failure(description: "no worker")
      }
      try Self.proveCounter(daemon)
      // Every buffer and table has its size after these.
      try Self.run(rounds: 1500, daemon)
      let before = try (daemon: Usage(daemon, daemon.pid), worker: Usage(daemon, worker))
      try Self.run(rounds: 10_000, daemon)
      let after = try (daemon: Usage(daemon, daemon.pid), worker: Usage(daemon, worker))
      for (name, old, new) in [("daemon", before.daemon, after.daemon), ("worker", before.worker, after.worker)] {
        #expect(old.memory > 100_000, "\(name): the memory is not seen")
        #expect(new.descriptors == old.descriptors, "\(name): \(old), then \(new)")
        #expect(new.memory < old.memory + Self.noise, "\(name): \(old), then \(new)")
      }
      #expect(try daemon.worker("fake").member("worker_pid")?.int == Int(worker), "the worker was replaced")
      #expect(try daemon.worker("fake").member("restarts")?.int == 0)
      #expect(try daemon.worker("fake").member("in_flight")?.int == 0)
    }
  }

  /// The count sees a descriptor come and go.
  private static func proveCounter(_ daemon: DaemonFixture) throws {
    let before = try daemon.restingDescriptorCount()
    do {
      let http = try daemon.http()
      #expect(try http.get("/v1/capabilities?wait=0").status == 200)
      #expect(try daemon.restingDescriptorCount() == before + 1)
    }
    #expect(try daemon.restingDescriptorCount() == before)
  }

  private static func run(rounds: Int, _ daemon: DaemonFixture) throws {
    var kept = try daemon.http()
    for round in 0..<rounds {
      switch round % 20 {
      case 0: try abort(daemon, round)
      case 1: try cancel(daemon)
      case 2: try frames(daemon, round)
      case 3:
        kept = try daemon.http()
        #expect(try kept.get("/v1/capabilities/fake.echo").status == 200)
      case 4 where round % 1000 == 4:
        #expect(
          try kept.request("POST", "/v1/tools/call", headers: [json], body: [UInt8](repeating: 0x20, count: 5 << 20))
            .status == 413)
      case 5 where round % 100 == 5: #expect(try kept.call("brief.sleep", #"{"ms":9000}"#).status == 504)
      default: try mixed(kept, round)
      }
    }
  }

  /// Requests on a connection that stays.
  private static func mixed(_ http: SurfaceHTTPClient, _ round: Int) throws {
    let (answer, status) =
      switch round % 9 {
      case 0: (try http.call("fake.echo", #"{"n":12345678901234567890}"#, requestID: #""\#(round)""#), 200)
      case 1: (try http.call("fake.rpc_error", #"{"code":1,"message":"m"}"#), 502)
      case 2: (try http.post("/v1/tools/call", String(repeating: "[", count: 10_000)), 400)
      case 3: (try http.call("fake.\(round)"), 404)
      case 4: (try http.call("denied"), 403)
      case 5: (try http.get("/v1/capabilities", headers: ["Origin: null"]), 403)
      case 6: (try http.get("/nowhere/\(round)"), 404)
      case 7: (try http.request("HEAD", "/v1/capabilities"), 200)
      default: (try http.get("/v1/capabilities"), 200)
      }
    #expect(answer.status == status, "round \(round): \(answer.text)")
  }

  /// A request that breaks off somewhere.
  private static func abort(_ daemon: DaemonFixture, _ round: Int) throws {
    let request = SurfaceHTTPClient.bytes(
      "POST", "/v1/tools/call", headers: [json],
      body: Array(SurfaceHTTPClient.callBody("fake.echo", #"{"a":1}"#).utf8))
    try daemon.http().send(Array(request.prefix(round % request.count)))
  }

  /// A call whose client leaves before the answer.
  private static func cancel(_ daemon: DaemonFixture) throws {
    try daemon.http().send(
      SurfaceHTTPClient.bytes(
        "POST", "/v1/tools/call", headers: [json],
        body: Array(SurfaceHTTPClient.callBody("fake.sleep", #"{"ms":9000}"#).utf8)))
  }

  /// The control socket: half a frame, garbage, or a call that is left alone.
  private static func frames(_ daemon: DaemonFixture, _ round: Int) throws {
    let control = try SurfaceControlClient(path: daemon.controlSocket)
    switch round / 20 % 4 {
    case 0: try control.sendBytes([0, 0, 1, 0] + Array("{\"jsonrpc".utf8))
    case 1: try control.sendBytes([0xFF, 0xFF, 0xFF, 0xFF])
    case 2:
      try control.hello()
      try control.send("tools/call", SurfaceHTTPClient.callBody("fake.sleep", #"{"ms":9000}"#))
    default:
      try control.hello()
      #expect(try control.request("status").member("status")?.int == 200)
    }
  }
}
