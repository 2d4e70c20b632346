import HTTPClient
import Platform
import Protocol
import TestSupport
import Testing

/// A request that may have been executed is never sent a second time.
struct RepetitionTests {
  /// The server reads the request on a connection that was used before, and closes it: libcurl would send it again.
  @Test(arguments: [HTTPPeer.Server.http, .https, .http2, .https2], ["POST", "DELETE", "PUT"])
  func doesNotRepeatOnAUsedConnection(_ server: HTTPPeer.Server, _ method: String) async throws {
    let key = "repeat-\(server)-\(method)"
    let action = server == .http || server == .https ? "swallow" : "drop"
    let result = try await withClient { _, client in
      _ = try await client.text("POST", "/ok", at: server)
      var request = try request(method, "/\(action)?key=\(key)", at: server)
      request.body = Array("{}".utf8)
      return await client.result(request)
    }
    #expect(result.failure?.reason == .broken)
    if server != .http2 { #expect(result.failure?.detail == "closed the connection before it answered") }
    #expect(result.failure?.wasSent == true)
    let count = try await HTTPPeer.count(key)
    #expect(count == 1)
  }

  @Test func doesNotRepeatLargeBodies() async throws {
    let result = try await withClient { _, client in
      _ = try await client.text("POST", "/ok")
      var request = try request("POST", "/swallow?key=repeat-large")
      request.body = [UInt8](repeating: 0x20, count: 1_000_000)
      return await client.result(request)
    }
    #expect(result.failure?.reason == .broken)
    #expect(try await HTTPPeer.count("repeat-large") == 1)
  }

  /// Reading again changes nothing.
  @Test func repeatsReading() async throws {
    let result = try await withClient { _, client in
      _ = try await client.text("GET", "/ok")
      return await client.result(try request("GET", "/swallow?key=repeat-get"))
    }
    #expect(result.failure?.reason == .broken)
    #expect(try await HTTPPeer.count("repeat-get") == 2)
  }

  /// The server closed the connection while nobody used it; the close has arrived.
  @Test(arguments: [HTTPPeer.Server.http, .https])
  func takesAFreshConnectionForAClosedOne(_ server: HTTPPeer.Server) async throws {
    let answers = try await withClient { _, client in
      let first = try await client.text("POST", "/once", at: server)
      // Served after the close, by another connection of another client.
      _ = try await HTTPPeer.count("")
      return [first, try await client.text("POST", "/ok?key=fresh-\(server)", at: server)]
    }
    #expect(answers == ["once", "hello"])
    #expect(try await HTTPPeer.count("fresh-\(server)") == 1)
  }

  /// HTTP/2: the server says that it did not look at the request. That cannot be told from a lie here.
  @Test(arguments: [HTTPPeer.Server.http2, .https2], ["refuse", "goaway"])
  func doesNotRepeatARefusedStream(_ server: HTTPPeer.Server, _ action: String) async throws {
    let key = "\(action)-\(server)"
    let result = try await withClient { _, client in
      _ = try await client.text("POST", "/ok", at: server)
      return await client.result(try request("POST", "/\(action)?key=\(key)", at: server))
    }
    #expect(result.failure?.reason == .broken)
    #expect(result.failure?.wasSent == true)
    let count = try await HTTPPeer.count(key)
    #expect(count == 1)
  }
}
