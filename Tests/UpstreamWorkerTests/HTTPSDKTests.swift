import Foundation
import Protocol
import TestSupport
import Testing

/// Sessions with the official Python SDK, both generations, in every way that it serves HTTP.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HTTPSDKTests {
  /// Servers of the SDK, all in one process.
  final class Servers: Sendable {
    private let ports: JSONSlice
    private let process: TestProcess
    private let scratch: ScratchDirectory

    init(sdk: Int, _ ways: String..., after predecessor: Servers? = nil) async throws {
      let scratch = try ScratchDirectory()
      (process, ports) = try await MCPPeer.run(
        "sdk_http.py", venv: ".venv-sdk\(sdk)", scratch, after: predecessor?.process
      ) { [$0, scratch.file("journal")] + ways }
      self.scratch = scratch
    }

    deinit { process.kill(9) }

    func port(_ way: String) throws -> Int {
      guard let port = ports.member(way)?.int else { throw TestFailure("no server is \(way)") }
      return port
    }

    func url(_ way: String) throws -> String {
      "http://127.0.0.1:\(try port(way))/\(way == "sse" ? "sse" : "mcp")"
    }

    var journal: [String] {
      let text = try? String(contentsOfFile: scratch.file("journal"), encoding: .utf8)
      return text?.split(separator: "\n").map(String.init) ?? []
    }
  }

  @Test(arguments: [1, 2])
  func everyWayOfServing(sdk: Int) async throws {
    let servers = try await Servers(sdk: sdk, "stateful", "stateless", "json", "resumable", "sse")
    for way in ["stateful", "stateless", "json", "resumable", "sse"] {
      let url = try servers.url(way)
      // 1.x knows nothing newer than 2025-11-25; 2.x is spoken to in both generations, except by the old event stream.
      let newest = sdk == 1 || way == "sse" ? ProtocolRevision.november2025 : .july2026
      try await converse(servers, way, HTTPLaunch(url: url), newest)
      if newest.era == .modern {
        try await converse(servers, way, HTTPLaunch(url: url, protocolVersion: .november2025), .november2025)
      }
    }
  }

  private func converse(
    _ servers: Servers, _ way: String, _ launch: HTTPLaunch, _ revision: ProtocolRevision
  ) async throws {
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let session = try await client.start(harness.launch(launch, discoverTimeout: 20_000))
    let what = "\(way) \(revision.rawValue)"
    #expect(session.revision == revision && session.listErrors.isEmpty, "\(what): \(session.listErrors)")
    let catalog = try await client.request(WorkerMethod.readCatalog).result
    #expect(catalog?.member("tools")?.elements.contains { $0.member("name")?.string == "add" } == true, "\(what)")
    #expect(catalog?.member("resources")?.elements.first { _ in true }?.member("uri")?.string == "peer://greeting")
    #expect(catalog?.member("prompts")?.elements.first { _ in true }?.member("name")?.string == "review")
    let sums = (0..<20).map { client.call("add", #"{"a":\#($0),"b":1}"#) }
    for (number, sum) in sums.enumerated() { #expect(try await client.answer(sum).text == "\(number + 1)", "\(what)") }
    let steps = client.call("steps", #"{"count":3}"#, progress: true)
    #expect(try await client.answer(steps).text == "3 steps", "\(what)")
    // A single JSON text has no room for them.
    if way != "json" { #expect(client.notifications(WorkerMethod.progress).count == 3, "\(what)") }
    #expect(try await client.answer(client.call("leave")).text == "back", "\(what)")
    // A legacy stateless server has nobody whom a cancellation could reach.
    if way != "stateless" || revision.era == .modern {
      let count = servers.journal.count { $0 == "\(way) cancelled" }
      let slow = client.call("slow", #"{"seconds":600}"#)
      #expect(await eventually { servers.journal.last == "\(way) started" }, "\(what)")
      client.cancel(slow)
      #expect(try await client.answer(slow).failure == "unknown/cancelled", "\(what)")
      // Who has only one JSON text to give does not see that nobody waits for it any more.
      if way != "json" || revision.era == .legacy {
        #expect(await eventually { servers.journal.count { $0 == "\(way) cancelled" } == count + 1 }, "\(what)")
      }
    }
    try await hear(servers, way, client, revision)
    // Who asks for change notifications gets them, unless there is no stream for them.
    if way == "stateful" || way == "resumable" || revision.era == .modern {
      _ = try await client.answer(client.call("grow", #"{"name":"grown-\#(revision.rawValue)"}"#))
      #expect(await eventually { client.notifications(WorkerMethod.catalogChanged).count == 1 }, "\(what)")
    }
    #expect(try await client.request(WorkerMethod.shutdown).result != nil)
  }

  /// Log messages and changes of resources.
  private func hear(
    _ servers: Servers, _ way: String, _ client: WorkerClient, _ revision: ProtocolRevision
  ) async throws {
    let what = "\(way) \(revision.rawValue)"
    let isModern = revision.era == .modern
    let uri = "peer://greeting"
    // A server without sessions has nobody whom it could tell later.
    let hasSession = way != "stateless" || isModern
    client.want(.notice, hasSession ? [uri] : [])
    let notes = { Set(servers.journal.filter { $0.hasPrefix("\(way) ") }) }
    if isModern {
      try await Task.sleep(for: .milliseconds(300))
    } else {
      let wanted = Set(["\(way) level notice"] + (hasSession ? ["\(way) subscribe \(uri)"] : []))
      #expect(await eventually { wanted.isSubset(of: notes()) }, "\(what)")
    }
    let call = client.call("log", #"{"level":"warning","data":"hot"}"#, log: .notice)
    _ = try await client.answer(call)
    // A single JSON text has no room for them.
    let messages = client.relayed.filter { $0.method == "notifications/message" }
    if way != "json" {
      #expect(messages.count == 1 && messages.first?.params.member("data")?.string == "hot", "\(what)")
      #expect(messages.first?.attribution == (way == "sse" ? .likely(call) : .certain(call)), "\(what)")
    }
    if hasSession {
      _ = try await client.answer(client.call("touch", #"{"uri":"\#(uri)"}"#))
      let told = { client.relayed.filter { $0.method == "notifications/resources/updated" } }
      #expect(await eventually { told().first?.params.member("uri")?.string == uri }, "\(what)")
    }
    client.want(nil)
    if hasSession, !isModern {
      #expect(await eventually { notes().contains("\(way) unsubscribe \(uri)") }, "\(what)")
    }
  }

  @Test(arguments: [1, 2])
  func aRestart(sdk: Int) async throws {
    let first = try await Servers(sdk: sdk, "stateful")
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    _ = try await client.start(
      harness.launch(HTTPLaunch(url: first.url("stateful"), protocolVersion: .november2025)))
    #expect(try await client.answer(client.call("add", #"{"a":1,"b":1}"#)).text == "2")
    let slow = client.call("slow", #"{"seconds":600}"#)
    #expect(await eventually { first.journal.contains("stateful started") })
    let next = try await Servers(sdk: sdk, "stateful:\(first.port("stateful"))", after: first)
    #expect(try await client.answer(slow).failure == "unknown/upstream_died")
    // The new server does not know the session.
    #expect(try await client.answer(client.call("add", #"{"a":2,"b":2}"#)).text == "4")
    #expect(next.journal == ["add"] && client.notifications(WorkerMethod.ended).isEmpty)
  }
}
