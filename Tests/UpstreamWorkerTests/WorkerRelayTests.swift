import Glibc
import Platform
import Protocol
import TestSupport
import Testing

/// What clients want to hear of an upstream reaches it, and what it tells comes back; over a pipe, in both generations.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WorkerRelayTests {
  private static let flags = ["--resources", "3", "--subscribe", "--logging"]
  private static let one = "fake://resource/1"
  private static let two = "fake://resource/2"

  /// The upstream has read that many messages with this text.
  private func received(_ harness: WorkerHarness, _ text: String) -> Int {
    harness.journal.count { $0.hasPrefix("recv") && $0.contains(text) }
  }

  @Test func legacyWishes() async throws {
    let (harness, client, _) = try await WorkerHarness.ready(Self.flags)
    client.want(.warning, [Self.one, Self.two])
    #expect(await eventually { received(harness, "resources/subscribe") == 2 })
    #expect(received(harness, #""method":"logging/setLevel","params":{"level":"warning"}"#) == 1)
    _ = try await client.answer(client.call("touch", #"{"uri":"\#(Self.one)"}"#))
    _ = try await client.answer(client.call("touch", #"{"uri":"\#(Self.two)","as":"\#(Self.two)/part"}"#))
    _ = try await client.answer(client.call("touch", #"{"uri":"fake://resource/3"}"#))
    #expect(client.relayed.compactMap { $0.params.member("uri")?.string } == [Self.one, Self.two + "/part"])
    client.want(.debug, [Self.two])
    #expect(await eventually { received(harness, "resources/unsubscribe") == 1 && received(harness, "debug") == 1 })
    client.want(.debug, [Self.two])
    client.want(nil)
    #expect(await eventually { received(harness, "resources/unsubscribe") == 2 })
    // Nobody has a wish any more: what clients get that never had one.
    #expect(await eventually { received(harness, #""level":"info""#) == 1 })
    #expect(received(harness, "resources/subscribe") == 2 && received(harness, "logging/setLevel") == 3)
  }

  @Test func whoseLogMessage() async throws {
    let (harness, client, _) = try await WorkerHarness.ready(Self.flags)
    let alone = client.call("log", #"{"level":"info","data":{"n": 1.0}}"#)
    _ = try await client.answer(alone)
    let message = try #require(client.relayed.first)
    #expect(message.method == "notifications/message" && message.attribution == .likely(alone))
    #expect(message.params.member("data")?.text == #"{"n": 1.0}"#)
    let slow = client.call("sleep", #"{"ms":60000}"#)
    #expect(await eventually { received(harness, "60000") == 1 })
    _ = try await client.answer(client.call("log", #"{"level":"error","data":"x"}"#))
    #expect(client.relayed.last?.attribution == UpstreamNotification.Attribution.none)
    client.cancel(slow)
  }

  @Test func modernWishes() async throws {
    let (harness, client, session) = try await WorkerHarness.ready(Self.flags + ["--era", "modern"], era: nil)
    #expect(session.revision == .july2026)
    #expect(await eventually { received(harness, "listen-1") == 1 })
    client.want(.debug, [Self.one])
    #expect(await eventually { received(harness, "notifications/cancelled") == 1 })
    client.want(.debug, [Self.two, Self.one])
    #expect(await eventually { received(harness, "notifications/cancelled") == 2 })
    // The new one is open before the old one ends (SUB-5).
    let order = harness.journal.filter { $0.contains("subscriptions/listen") || $0.contains("notifications/cancelled") }
    #expect(
      order.map { $0.contains("cancelled") ? "close" : "open" } == ["open", "open", "close", "open", "close"])
    #expect(order[1].contains(#""resourceSubscriptions":["\#(Self.one)"]"#) && order[1].contains(#""id":"listen-2""#))
    #expect(order[2].contains(#""requestId":"listen-1""#) && order[4].contains(#""requestId":"listen-2""#))
    _ = try await client.answer(client.call("touch", #"{"uri":"\#(Self.two)"}"#))
    _ = try await client.answer(client.call("touch", #"{"uri":"fake://resource/3"}"#))
    #expect(client.relayed.compactMap { $0.params.member("uri")?.string } == [Self.two], "each change is told once")
    _ = try await client.answer(client.call("add_tool", #"{"name":"late"}"#))
    #expect(await eventually { client.notifications(WorkerMethod.catalogChanged).count == 1 })
    #expect(received(harness, "setLevel") == 0 && received(harness, "resources/subscribe") == 0)
    client.want(nil)
    #expect(await eventually { received(harness, "notifications/cancelled") == 3 })
    _ = try await client.answer(client.call("touch", #"{"uri":"\#(Self.two)"}"#))
    #expect(client.relayed.count == 1)
  }

  @Test func modernLogMessages() async throws {
    let (harness, client, _) = try await WorkerHarness.ready(Self.flags + ["--era", "modern"], era: nil)
    _ = try await client.answer(client.call("log", #"{"level":"info","data":1}"#))
    #expect(client.relayed.isEmpty, "no level, no messages")
    let slow = client.call("sleep", #"{"ms":60000}"#)
    #expect(await eventually { received(harness, "60000") == 1 })
    // Only one of the calls in flight may be logged about.
    let call = client.call("log", #"{"level":"info","data":2}"#, log: .debug)
    _ = try await client.answer(call)
    #expect(client.relayed.map(\.attribution) == [.certain(call)])
    #expect(received(harness, #""io.modelcontextprotocol/logLevel":"debug""#) == 1)
    client.cancel(slow)
  }

  @Test func theNextSupervisorFindsTheWishes() async throws {
    let (harness, first, _) = try await WorkerHarness.ready(Self.flags)
    first.want(.notice, [Self.one])
    #expect(await eventually { received(harness, "resources/subscribe") == 1 })
    let slow = first.call("progress", #"{"steps":300,"ms":10}"#, progress: true)
    #expect(await eventually { first.notifications(WorkerMethod.progress).count > 1 })
    first.close()
    let (second, snapshot) = try await harness.connect()
    #expect(snapshot.interests == Interests(logLevel: .notice, resources: [Self.one]))
    _ = try await second.answer(second.call("touch", #"{"uri":"\#(Self.one)"}"#))
    #expect(second.relayed.count == 1 && received(harness, "resources/subscribe") == 1)
    #expect(await eventually { second.notifications(WorkerMethod.progress).count > 1 })
    second.want(nil)
    #expect(await eventually { received(harness, "resources/unsubscribe") == 1 })
    second.cancel(slow)
  }

  @Test func wishesBeforeTheStart() async throws {
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    client.want(.error, [Self.one])
    _ = try await client.start(harness.launch(Self.flags, era: .legacy))
    #expect(await eventually { received(harness, "resources/subscribe") == 1 && received(harness, "setLevel") == 1 })
  }

  @Test func whatIsRefusedIsNoted() async throws {
    let (harness, client, _) = try await WorkerHarness.ready(Self.flags + ["--refuse-subscribe"])
    client.want(nil, [Self.one])
    #expect(
      await eventually { client.log.lines.contains { $0.contains("refused resources/subscribe \(Self.one)") } })
    #expect(try await client.answer(client.call("echo")).text == "{}")
    #expect(received(harness, "resources/subscribe") == 1)
  }

  @Test func progressThatDoesNotGrowIsNone() async throws {
    let (harness, client, _) = try await WorkerHarness.ready()
    let call = client.call("sleep", #"{"ms":800}"#, progress: true)
    #expect(await eventually { received(harness, "progressToken") == 1 })
    let line = try #require(harness.journal.first { $0.contains("progressToken") })
    let token = try #require(line.split(separator: #""progressToken":"#).last?.prefix { $0.isNumber })
    for progress in ["1.0", "2.5", "2.5", "1.0", "3.0", "null"] {
      let params = #"{\"progressToken\":\#(token),\"progress\":\#(progress)}"#
      let line = #"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":\#(params)}"#
      _ = try await client.answer(client.call("raw", #"{"line":"\#(line)"}"#))
    }
    _ = try await client.answer(call)
    let told = client.notifications(WorkerMethod.progress).map { $0?.member("params")?.member("progress")?.text }
    #expect(told == ["1.0", "2.5", "3.0"])
  }

  /// A supervisor that does not read costs the worker no memory.
  @Test func aSlowSupervisor() async throws {
    let (harness, client, _) = try await WorkerHarness.ready(Self.flags)
    let before = try await memory(client)
    let data = String(repeating: "x", count: 2000)
    let noise = CallFrame.test("log", #"{"level":"error","data":"\#(data)","count":50000}"#)
    let steps = CallFrame.test("progress", #"{"steps":50000}"#)
    let deaf = try await harness.deafPeer()
    try await harness.tell(
      deaf, JSONRPCWriter.request(id: .int(1), method: WorkerMethod.hello) { WorkerHello.current.write(to: &$0) })
    #expect(await eventually { client.end != nil }, "it is the supervisor now")
    try await harness.tell(deaf, noise.encoded(), steps.encoded())
    #expect(await eventually(within: .seconds(60)) { received(harness, "steps") == 1 })
    let (next, _) = try await harness.connect()
    withExtendedLifetime(deaf) {}
    #expect(try await next.answer(noise.operation, within: .seconds(60)).text == "logged")
    #expect(try await next.answer(steps.operation, within: .seconds(60)).text == "50000 steps done")
    #expect(try await memory(next) - before < 32 << 20)
    #expect(await eventually { next.log.lines.contains { $0.contains("log messages of the server were dropped") } })
    let told = next.notifications(WorkerMethod.progress).compactMap { $0?.member("params")?.member("progress")?.int }
    #expect(told.count < 10_000 && told == told.sorted())
  }

  private func memory(_ client: WorkerClient) async throws -> Int {
    try await client.request(WorkerMethod.figures).result?.member("workerMemoryBytes")?.int ?? 0
  }
}

extension CallFrame {
  fileprivate static func test(_ tool: String, _ arguments: String) -> CallFrame {
    CallFrame(
      operation: .random(), blob: .null, method: "tools/call",
      parameters: .trusted(#"{"name":"\#(tool)","arguments":\#(arguments)}"#), timeoutMilliseconds: 60_000,
      traceparent: nil, wantsProgress: true, acknowledged: [])
  }
}

extension WorkerHarness {
  /// Connects and reads nothing, until the result is released.
  fileprivate func deafPeer() async throws -> LoopBound<DeafPeer> {
    let path = socketPath
    return try await thread.run { _ in LoopBound(try DeafPeer(path)) }
  }

  fileprivate func tell(_ peer: LoopBound<DeafPeer>, _ payloads: [UInt8]...) async throws {
    try await thread.run { _ in for payload in payloads { try peer.value.write(payload) } }
  }
}

/// Writes and never reads.
private final class DeafPeer {
  private let socket: OwnedDescriptor

  init(_ path: String) throws { socket = try UnixSocket.connect(to: path) }

  func write(_ payload: [UInt8]) throws {
    var bytes: [UInt8] = []
    Frame.append(payload, to: &bytes)
    guard Glibc.write(socket.number, bytes, bytes.count) == bytes.count else { throw TestFailure("not taken") }
  }
}
