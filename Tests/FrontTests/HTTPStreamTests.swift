import Front
import Glibc
import Platform
import Testing

/// Answers that come piece by piece.
@Suite("HTTPBodyStream", .serialized)
struct HTTPStreamTests {
  typealias Client = HTTPTestClient

  @Test("sends the head at once and each piece as it is written, and keeps the connection")
  func pieces() {
    let server = HTTPTestServer { server, exchange in server.stream(exchange) }
    let client = Client(port: server.port)
    for round in 0..<3 {
      let answer = client.exchange("GET", "/")
      #expect(answer?.status == 200)
      #expect(answer?.header("content-type") == "text/event-stream")
      #expect(answer?.header("transfer-encoding") == "chunked")
      for piece in 0..<50 {
        server.onLoop { _ = server.streams[round].write(Array("piece \(piece);".utf8)) }
        #expect(client.chunk() == "piece \(piece);")
      }
      server.onLoop { server.streams[round].end() }
      #expect(client.chunk() == "")
    }
    #expect(server.connectionCount == 1)
    #expect(server.wait { $0.exchangeCount == 0 })
    #expect(server.stop())
  }

  @Test("takes pieces and the end within the handler, and before the head was sent")
  func early() {
    let server = HTTPTestServer { server, exchange in
      let stream = server.stream(exchange)
      stream?.write(Array("one".utf8))
      stream?.write(Array("two".utf8))
      stream?.end()
      #expect(stream?.write(Array("late".utf8)) == false)
    }
    let client = Client(port: server.port)
    #expect(client.exchange("GET", "/")?.status == 200)
    #expect(client.chunk() == "onetwo")
    #expect(client.chunk() == "")
    #expect(server.stop())
  }

  @Test("carries a message larger than its limit, and gives the memory back")
  func large() {
    let server = HTTPTestServer { server, exchange in server.stream(exchange, limit: 1000) }
    let client = Client(port: server.port)
    let text = String(repeating: "0123456789abcdef", count: 1 << 18) + "."
    #expect(client.exchange("GET", "/")?.status == 200)
    server.onLoop { #expect(server.streams[0].write(Array(text.utf8))) }
    #expect(client.chunks(until: ".") == text)
    #expect(server.wait { server in server.onLoop { server.streams[0].waitingBytes } == 0 })
    server.onLoop { #expect(server.streams[0].takenBytes == text.utf8.count) }
    #expect(server.stop())
  }

  enum Leaving: CaseIterable { case closing, halfClosing }

  @Test("notices a client that leaves a quiet stream", arguments: Leaving.allCases, [true, false])
  func disconnect(leaving: Leaving, afterData: Bool) {
    let gone = TestSignal()
    let server = HTTPTestServer { server, exchange in server.stream(exchange)?.onDisconnect = { gone.fire() } }
    var client: Client? = Client(port: server.port)
    #expect(client?.exchange("GET", "/")?.status == 200)
    if afterData {
      server.onLoop { _ = server.streams[0].write(Array("some".utf8)) }
      #expect(client?.chunk() == "some")
    }
    let began = MonotonicTime.now
    if leaving == .closing { client = nil } else { client?.shutDownWriting() }
    #expect(gone.wait())
    #expect(MonotonicTime.now.milliseconds(since: began) < 1000)
    #expect(server.wait { $0.exchangeCount == 0 && $0.connectionCount == 0 })
    server.onLoop { #expect(!server.streams[0].write([1])) }
    #expect(server.stop())
  }

  @Test("cuts off who does not read, and delays nobody else")
  func stuck() {
    let gone = TestSignal()
    let server = HTTPTestServer { server, exchange in
      server.stream(exchange, limit: 65_536)?.onDisconnect = { gone.fire() }
    }
    let stuck = Client(port: server.port)
    stuck.send(Client.request("GET", "/"))
    #expect(server.wait { $0.streamCount == 1 })
    let reader = Client(port: server.port)
    #expect(reader.exchange("GET", "/")?.status == 200)
    let piece = [UInt8](repeating: 0x2e, count: 32_768)
    var count = 0
    // The kernel takes a few megabytes of them.
    while server.onLoop({ server.streams[0].write(piece) }), count < 2000 {
      count += 1
      let text = "\(count);"
      server.onLoop { _ = server.streams[1].write(Array(text.utf8)) }
      #expect(reader.chunk() == text)
      server.onLoop { #expect(server.streams[0].waitingBytes <= 65_536 + piece.count) }
    }
    #expect(count < 2000)
    #expect(gone.wait())
    #expect(server.wait { $0.exchangeCount == 1 && $0.connectionCount == 1 })
    server.onLoop { #expect(server.streams[0].waitingBytes == 0) }
    #expect(server.stop())
    withExtendedLifetime(stuck) {}
  }

  @Test("notices the end of a client that did not read")
  func stuckAndGone() {
    let gone = TestSignal()
    let server = HTTPTestServer { server, exchange in
      server.stream(exchange, limit: 64 << 20)?.onDisconnect = { gone.fire() }
    }
    var client: Client? = Client(port: server.port)
    client?.send(Client.request("GET", "/"))
    #expect(server.wait { $0.streamCount == 1 })
    server.onLoop { _ = server.streams[0].write([UInt8](repeating: 0x2e, count: 32 << 20)) }
    client?.shutDownWriting()
    #expect(gone.wait())
    client = nil
    #expect(server.wait { $0.exchangeCount == 0 && $0.connectionCount == 0 })
    #expect(server.stop())
  }

  @Test("keeps a quiet stream open beyond the library's timeouts")
  func quiet() {
    var limits = HTTPLimits()
    limits.stall = .seconds(1)
    limits.requestTime = .seconds(1)
    let server = HTTPTestServer(limits: limits) { server, exchange in server.stream(exchange) }
    let client = Client(port: server.port)
    #expect(client.exchange("GET", "/")?.status == 200)
    server.onLoop { _ = server.streams[0].write(Array("before".utf8)) }
    #expect(client.chunk() == "before")
    // Other connections come and go, and meet the timeouts.
    let idle = Client(port: server.port)
    #expect(idle.isClosed())
    #expect(Client(port: server.port).isClosed())
    server.onLoop { _ = server.streams[0].write(Array("after".utf8)) }
    #expect(client.chunk() == "after")
    #expect(server.stop())
  }

  @Test("ends without an end when it is cut off")
  func cutOff() {
    let server = HTTPTestServer { server, exchange in
      server.stream(exchange)?.onDisconnect = { Issue.record("told of its own doing") }
    }
    let client = Client(port: server.port)
    #expect(client.exchange("GET", "/")?.status == 200)
    server.onLoop { _ = server.streams[0].write(Array("half".utf8)) }
    #expect(client.chunk() == "half")
    server.onLoop { server.streams[0].cutOff() }
    #expect(client.chunk() == nil)
    #expect(client.isClosed())
    #expect(server.stop())
  }

  @Test("sees a disconnect when the server stops", arguments: [true, false])
  func stopping(isSuspended: Bool) {
    let gone = TestSignal()
    let server = HTTPTestServer { server, exchange in server.stream(exchange)?.onDisconnect = { gone.fire() } }
    let client = Client(port: server.port)
    #expect(client.exchange("GET", "/")?.status == 200)
    if !isSuspended {
      server.onLoop { _ = server.streams[0].write([UInt8](repeating: 0x2e, count: 32 << 20)) }
    }
    #expect(server.stop(grace: .milliseconds(50)))
    #expect(gone.wait())
  }

  @Test("sends the rest of an ended stream while the server stops")
  func endingAtStop() {
    let server = HTTPTestServer { server, exchange in server.stream(exchange) }
    let client = Client(port: server.port)
    #expect(client.exchange("GET", "/")?.status == 200)
    server.beginStop(grace: .seconds(5))
    server.onLoop {
      server.streams[0].write(Array("last words".utf8))
      server.streams[0].end()
    }
    #expect(client.chunk() == "last words")
    #expect(client.chunk() == "")
    #expect(server.endStop())
  }
}
