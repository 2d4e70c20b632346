import HTTPClient
import Platform
import Protocol
import Synchronization
import TestSupport
import Testing

/// Cancelling, pausing and closing at any moment.
struct TransferControlTests {
  @Test func cancelsBeforeItBegan() async throws {
    let failure = try await withClient { _, client in
      await withCheckedContinuation { continuation in
        let transfer = client.start(
          try! request("POST", "/ok?key=never-begun"),
          HTTPHandlers(onEnd: { continuation.resume(returning: $0.failure) }))
        transfer.cancel()
        transfer.cancel()
      }
    }
    #expect(failure?.reason == .cancelled)
    #expect(failure?.wasSent == false)
    #expect(try await HTTPPeer.count("never-begun") == 0)
  }

  @Test(arguments: ["onHead", "onBytes"])
  func cancelsInAHandler(_ place: String) async throws {
    let (failure, events) = try await withClient { _, client in
      await withCheckedContinuation { continuation in
        var transfer: HTTPTransfer?
        var events: [String] = []
        transfer = client.start(
          try! request("GET", "/drip?pieces=50&seconds=0.001"),
          HTTPHandlers(
            onHead: { _ in
              events.append("onHead")
              if place == "onHead" { transfer?.cancel() }
            },
            onBytes: { _ in
              events.append("onBytes")
              transfer?.cancel()
            }, onEnd: { continuation.resume(returning: ($0.failure, events)) }))
      }
    }
    #expect(failure?.reason == .cancelled)
    #expect(failure?.wasSent == true)
    #expect(events == (place == "onHead" ? ["onHead"] : ["onHead", "onBytes"]))
  }

  @Test func cancelsWithItsTask() async throws {
    let reason = try await withClient { thread, client in
      let task = Task {
        // Captured, so that the task runs on this loop.
        _ = thread
        return await client.result(try request("GET", "/never"))
      }
      try await turns(2, thread)
      task.cancel()
      return try await task.value.failure?.reason
    }
    #expect(reason == .cancelled)
  }

  /// At every moment of an exchange: exactly one end, and the client goes on.
  @Test(arguments: [HTTPPeer.Server.http, .https, .https2])
  func cancelsAtAnyMoment(_ server: HTTPPeer.Server) async throws {
    let (ends, rest) = try await withClient { thread, client in
      var ends: [Int: Int] = [:]
      let count = 150
      for index in 0..<count {
        let target = index % 3 == 0 ? "/length?bytes=300000" : "/echo"
        var request = try request("POST", target, at: server)
        request.body = [UInt8](repeating: 1, count: index % 5 == 0 ? 200_000 : 10)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
          let transfer = client.start(
            request,
            HTTPHandlers(onEnd: { _ in
              ends[index, default: 0] += 1
              continuation.resume()
            }))
          thread.loop.schedule(after: .microseconds(index * 20)) { transfer.cancel() }
        }
      }
      return (ends, try await client.text("GET", "/ok", at: server))
    }
    #expect(ends.count == 150)
    #expect(ends.values.allSatisfy { $0 == 1 })
    #expect(rest == "hello")
  }

  @Test func closesWithEveryExchangeEnded() async throws {
    let reasons = try await withClient { thread, client in
      var reasons: [HTTPFailure.Reason?] = []
      for target in ["/never", "/stall", "/stall", "/never"] {
        client.start(try request("GET", target), HTTPHandlers(onEnd: { reasons.append($0.failure?.reason) }))
      }
      try await turns(5, thread)
      client.close()
      let atClose = reasons
      client.start(try request("GET", "/ok"), HTTPHandlers(onEnd: { reasons.append($0.failure?.reason) }))
      #expect(reasons.count == 4)
      try await turns(2, thread)
      client.close()
      return [atClose, reasons]
    }
    #expect(reasons[0] == [.cancelled, .cancelled, .cancelled, .cancelled])
    #expect(reasons[1].count == 5)
  }

  /// Inside of each handler: nothing is called afterwards, and nothing is used after it was freed.
  @Test(arguments: ["onHead", "onBytes", "onEnd"], [true, false])
  func closesInAHandler(_ place: String, byDropping: Bool) async throws {
    let events = try await LoopThread.run { thread in
      let settings = try settings()
      let events = Events()
      var client: HTTPClient? = HTTPClient(loop: thread.loop, settings: settings)
      func event(_ name: String) {
        events.names.append(name)
        guard name == place else { return }
        if byDropping { client = nil } else { client?.close() }
      }
      client?.start(try request("GET", "/never"), HTTPHandlers(onEnd: { _ in events.names.append("other") }))
      client?.start(
        try request("GET", "/echo"),
        HTTPHandlers(
          onHead: { _ in event("onHead") }, onBytes: { _ in event("onBytes") }, onEnd: { _ in event("onEnd") }))
      let isOver = await eventually { events.names.contains("other") }
      #expect(isOver)
      try await turns(5, thread)
      return events.names
    }
    let expected = ["onHead", "onBytes", "onEnd"]
    let end = (expected.firstIndex(of: place) ?? 0) + 1
    #expect(events.filter { $0 != "other" && $0 != "onEnd" } == Array(expected.prefix(end).filter { $0 != "onEnd" }))
    #expect(events.count { $0 == "onEnd" } == 1)
    #expect(events.count { $0 == "other" } == 1)
  }

  private final class Events { var names: [String] = [] }

  @Test(arguments: [HTTPPeer.Server.http, .https, .http2, .https2])
  func holdsTheBodyWhilePaused(_ server: HTTPPeer.Server) async throws {
    // More than a socket's buffers hold; the peer's HTTP/2 is slow.
    let size = (server == .http || server == .https ? 40 : 8) * 1024 * 1024
    let (paused, total) = try await withClient { thread, client in
      var transfer: HTTPTransfer?
      var (bytes, isPaused) = (0, false)
      let end = Mutex<HTTPFailure??>(nil)
      transfer = client.start(
        try request("GET", "/length?bytes=\(size)", at: server),
        HTTPHandlers(
          onBytes: { piece in
            #expect(!isPaused)
            bytes += piece.count
            if bytes > 1_000_000, bytes - piece.count <= 1_000_000 {
              isPaused = true
              transfer?.pause()
            }
          }, onEnd: { result in end.withLock { $0 = .some(result.failure) } }))
      #expect(await eventually { isPaused })
      try await turns(100, thread)
      let paused = bytes
      isPaused = false
      transfer?.resume()
      #expect(await eventually(within: .seconds(30)) { end.withLock { $0 != nil } })
      return (paused, bytes)
    }
    #expect(paused < 2_000_000)
    #expect(total == size)
  }

  @Test func pausesFromTheStartAndForLongerThanTheIdleTimeout() async throws {
    let text = try await withClient { thread, client in
      var request = try request("GET", "/ok")
      request.idleTimeout = .milliseconds(50)
      return await withCheckedContinuation { continuation in
        var text = ""
        let transfer = client.start(
          request,
          HTTPHandlers(
            onBytes: { text += String(decoding: $0, as: UTF8.self) },
            onEnd: { continuation.resume(returning: $0.failure.map { "\($0)" } ?? text) }))
        transfer.pause()
        thread.loop.schedule(after: .milliseconds(200)) { transfer.resume() }
      }
    }
    #expect(text == "hello")
  }

  @Test func cancelsWhilePaused() async throws {
    let reason = try await withClient { thread, client in
      await withCheckedContinuation { continuation in
        var transfer: HTTPTransfer?
        transfer = client.start(
          try! request("GET", "/length?bytes=1000000"),
          HTTPHandlers(
            onHead: { _ in
              transfer?.pause()
              thread.loop.schedule(after: .milliseconds(20)) { transfer?.cancel() }
            }, onEnd: { continuation.resume(returning: $0.failure?.reason) }))
      }
    }
    #expect(reason == .cancelled)
  }
}

extension Result where Success == [HTTPField] {
  var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}

/// Lets the loop run for some turns of about a millisecond.
func turns(_ count: Int, _ thread: isolated LoopThread) async throws {
  for _ in 0..<count {
    await withCheckedContinuation { continuation in
      thread.loop.schedule(after: .milliseconds(1)) { continuation.resume() }
    }
  }
}
