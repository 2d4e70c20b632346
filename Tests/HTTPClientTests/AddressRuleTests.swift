import HTTPClient
import Protocol
import TestSupport
import Testing

/// Where a request may connect to is checked for every connection, after names were resolved.
struct AddressRuleTests {
  private func fetch(_ host: String, _ rule: HTTPRequest.Addresses, key: String) async throws -> Result<
    HTTPAnswer, HTTPFailure
  > {
    var request = try request("POST", "/ok?key=\(key)", host: host)
    request.addresses = rule
    return try await HTTPClientTests.fetch(request)
  }

  @Test(arguments: ["127.0.0.1", "localhost"])
  func keepsAwayFromLoopback(_ host: String) async throws {
    let key = "address-\(host)"
    let failure = try #require(try await fetch(host, .publicOnly, key: key).failure)
    #expect(failure.reason == .forbiddenAddress)
    #expect(
      failure.detail.hasPrefix("leads to an address that is not allowed here (http://\(host):"), "\(failure.detail)")
    #expect(!failure.wasSent)
    #expect(try await fetch(host, .publicOrLoopback, key: key).text == "hello")
    #expect(try await HTTPPeer.count(key) == 1)
  }

  @Test(arguments: ["10.0.0.1", "169.254.169.254", "0.0.0.0", "[::ffff:10.0.0.1]", "[fd00::1]", "[::]"])
  func keepsAwayFromPrivateNetworks(_ host: String) async throws {
    for rule in [HTTPRequest.Addresses.publicOnly, .publicOrLoopback] {
      #expect(try await fetch(host, rule, key: "private").failure?.reason == .forbiddenAddress)
    }
  }

  /// A connection that an exchange without the rule opened is no way around it.
  @Test func checksKeptConnections() async throws {
    let failure = try await withClient { _, client in
      _ = try await client.fetch(try request("POST", "/ok", host: "localhost"))
      var request = try request("POST", "/ok?key=kept", host: "localhost")
      request.addresses = .publicOnly
      return await client.result(request)
    }.failure
    #expect(failure?.reason == .forbiddenAddress)
    #expect(failure?.wasSent == false)
    #expect(try await HTTPPeer.count("kept") == 0)
  }

  /// A proxy resolves names itself: only what is written as an address can be checked.
  @Test func checksLiteralsBehindAProxy() async throws {
    let proxy = "http://user:secret@127.0.0.1:\(try HTTPPeer.port(of: .proxy))"
    let settings = try settings(proxies: ["http_proxy=\(proxy)"])
    for (host, isAllowed) in [("10.0.0.1", false), ("8.8.8.8", true), ("test.example", true)] {
      var request = HTTPRequest("POST", try #require(HTTPURL("http://\(host)/")))
      request.addresses = .publicOnly
      let result = try await HTTPClientTests.fetch(request, settings: settings)
      if isAllowed {
        #expect(result.text == "through the proxy: http://\(host)/")
      } else {
        #expect(result.failure?.reason == .forbiddenAddress)
      }
    }
  }
}
