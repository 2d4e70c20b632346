import Front
import Glibc
import Platform
import Synchronization
import Testing

/// Answers that come after the handler has returned, or never.
@Suite("HTTPExchange", .serialized)
struct HTTPDeferredTests {
  typealias Client = HTTPTestClient

  @Test("answers a hundred waiting requests in reverse order")
  func reverse() {
    let server = HTTPTestServer { server, exchange in server.hold(exchange) }
    let clients = (0..<100).map { _ in Client(port: server.port) }
    for (index, client) in clients.enumerated() { client.send(Client.request("GET", "/\(index)")) }
    #expect(server.wait { $0.heldCount == 100 })
    server.onLoop {
      for exchange in server.held.reversed() { exchange.respond(status: 200, body: Array(exchange.head.path.utf8)) }
    }
    for (index, client) in clients.enumerated() { #expect(client.answer()?.text == "/\(index)") }
    #expect(server.wait { $0.exchangeCount == 0 })
    // The connections live on.
    for client in clients { client.send(Client.request("GET", "/again")) }
    #expect(server.wait { $0.heldCount == 200 })
    #expect(server.connectionCount == 100)
    #expect(server.stop())
  }

  @Test("keeps the headers until the answer")
  func headersLater() {
    let server = HTTPTestServer { server, exchange in
      server.loop.perform {
        exchange.respond(status: 200, body: Array((exchange.header("x-name") ?? "-").utf8))
        #expect(exchange.isAnswered)
      }
    }
    #expect(Client(port: server.port).exchange("GET", "/", ["X-Name: kept"])?.text == "kept")
    #expect(server.stop())
  }

  @Test("answers from an actor of the loop")
  func fromActor() {
    let server = HTTPTestServer { server, exchange in
      let answerer = Answerer(loop: server.loop)
      Task(executorPreference: server.loop) { await answerer.answer(exchange) }
    }
    let client = Client(port: server.port)
    for index in 0..<100 { #expect(client.exchange("GET", "/\(index)")?.text == "/\(index)") }
    #expect(server.stop())
  }

  private actor Answerer {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop) { self.loop = loop }

    func answer(_ exchange: HTTPExchange) { exchange.respond(status: 200, body: Array(exchange.head.path.utf8)) }
  }

  enum Leaving: CaseIterable { case closing, halfClosing }

  @Test("notices a client that leaves before the answer", arguments: Leaving.allCases)
  func disconnect(leaving: Leaving) {
    let gone = TestSignal()
    let server = HTTPTestServer { server, exchange in
      exchange.onDisconnect { gone.fire() }
      server.hold(exchange)
    }
    var client: Client? = Client(port: server.port)
    client?.send(Client.request("GET", "/"))
    #expect(server.wait { $0.heldCount == 1 })
    let began = MonotonicTime.now
    if leaving == .closing { client = nil } else { client?.shutDownWriting() }
    #expect(gone.wait())
    #expect(MonotonicTime.now.milliseconds(since: began) < 1000)
    #expect(server.wait { $0.exchangeCount == 0 && $0.connectionCount == 0 })
    server.onLoop {
      #expect(server.held[0].isAnswered)
      // Nobody is there any more: no effect, no crash.
      server.held[0].respond(status: 200)
    }
    #expect(server.stop())
  }

  @Test("notices a client that left before anybody asked")
  func earlyDisconnect() {
    let server = HTTPTestServer { server, exchange in server.hold(exchange) }
    let client = Client(port: server.port)
    client.send(Client.request("GET", "/"))
    client.shutDownWriting()
    #expect(server.wait { $0.heldCount == 1 && $0.exchangeCount == 0 })
    let wasCalled = server.onLoop {
      let called = Mutex(false)
      server.held[0].onDisconnect { called.withLock { $0 = true } }
      return called.withLock { $0 }
    }
    #expect(wasCalled)
    #expect(server.stop())
  }

  @Test("reports no disconnect after the answer")
  func disconnectAfterAnswer() {
    let server = HTTPTestServer { server, exchange in
      exchange.onDisconnect { Issue.record("disconnect after the answer") }
      server.loop.perform { exchange.respond(status: 200) }
    }
    for _ in 0..<20 {
      let client = Client(port: server.port)
      #expect(client.exchange("GET", "/")?.status == 200)
    }
    #expect(server.wait { $0.connectionCount == 0 })
    #expect(server.stop())
  }

  @Test("lets open requests end when it stops, and closes their connections")
  func stopWithGrace() {
    let server = HTTPTestServer { server, exchange in server.hold(exchange) }
    let client = Client(port: server.port)
    client.send(Client.request("GET", "/open"))
    let idle = Client(port: server.port)
    #expect(server.wait { $0.heldCount == 1 && $0.connectionCount == 2 })
    server.beginStop(grace: .seconds(5))
    server.onLoop { server.held[0].respond(status: 200, body: Array("done".utf8)) }
    let answer = client.answer()
    #expect(answer?.text == "done")
    #expect(answer?.header("connection") == "close")
    #expect(server.endStop())
    #expect(client.isClosed())
    #expect(idle.isClosed())
  }

  @Test("ends requests that outlast the grace of a stop")
  func stopWithoutGrace() {
    let gone = TestSignal()
    let server = HTTPTestServer { server, exchange in
      exchange.onDisconnect { gone.fire() }
      server.hold(exchange)
    }
    let client = Client(port: server.port)
    client.send(Client.request("GET", "/open"))
    #expect(server.wait { $0.heldCount == 1 })
    server.beginStop(grace: .milliseconds(50))
    #expect(gone.wait())
    #expect(client.isClosed())
    server.onLoop { server.held[0].respond(status: 200) }
    #expect(server.endStop())
  }

  @Test("leaks no descriptor in 10,000 requests, some of them aborted")
  func descriptors() async {
    // In a process of its own: other tests open descriptors meanwhile.
    await #expect(processExitsWith: .success) {
      let server = HTTPTestServer { server, exchange in
        switch exchange.head.path {
        case "/now": exchange.respond(status: 200)
        case "/later": server.loop.perform { exchange.respond(status: 200) }
        default: exchange.onDisconnect {}
        }
      }
      func requests(_ count: Int) {
        for index in 0..<count {
          let client = HTTPTestClient(port: server.port)
          switch index % 5 {
          case 0: _ = client.exchange("GET", "/now")
          case 1: for _ in 0..<5 { _ = client.exchange("GET", "/later") }
          case 2: client.send(HTTPTestClient.request("GET", "/never"))
          case 3: client.send("POST /now HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf")
          default: client.send(HTTPTestClient.request("GET", "/later"))
          }
        }
        if !server.wait(until: { $0.connectionCount == 0 && $0.exchangeCount == 0 }) { exit(3) }
      }
      requests(10)
      let before = descriptorCount()
      let client = HTTPTestClient(port: server.port)
      _ = client.exchange("GET", "/now")
      // The counter sees both ends of a connection.
      if descriptorCount() != before + 2 { exit(4) }
      client.shutDownWriting()
      requests(5600)
      withExtendedLifetime(client) {}
      exit(descriptorCount() <= before + 1 ? 0 : 5)
    }
  }
}

/// Open descriptors of this process.
private func descriptorCount() -> Int {
  guard let directory = opendir("/proc/self/fd") else { return -1 }
  defer { closedir(directory) }
  var count = 0
  while readdir(directory) != nil { count += 1 }
  return count
}
