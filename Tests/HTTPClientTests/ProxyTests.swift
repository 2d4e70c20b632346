import HTTPClient
import Protocol
import TestSupport
import Testing

/// Proxies come from the settings only, and never for loopback.
struct ProxyTests {
  private func proxy(_ credentials: String = "user:secret@") throws -> String {
    "http://\(credentials)127.0.0.1:\(try HTTPPeer.port(of: .proxy))"
  }

  @Test func sendsClearTextRequestsToTheProxy() async throws {
    let request = HTTPRequest("POST", try #require(HTTPURL("http://test.example/x?y")))
    let result = try await fetch(request, settings: try settings(proxies: ["http_proxy=\(try proxy())"]))
    #expect(result.text == "through the proxy: http://test.example/x?y")
  }

  @Test(arguments: [HTTPPeer.Server.https, .https2])
  func tunnelsTLS(_ server: HTTPPeer.Server) async throws {
    let settings = try settings(proxies: ["HTTPS_PROXY=\(try proxy())"])
    let results = try await withClient(settings) { _, client in
      var answers: [Result<HTTPAnswer, HTTPFailure>] = []
      var request = try request("POST", "/ok", at: server, host: "test.example")
      request.fields = [HTTPField("Authorization", "Bearer secret")]
      for _ in 0..<2 { answers.append(await client.result(request)) }
      return answers
    }
    for result in results {
      #expect(result.text == "hello")
      // The proxy's own head is not the answer's.
      #expect((try? result.get().head.fields.first("x-proxy")) == .some(nil))
    }
    #expect(try await HTTPPeer.count("proxy CONNECT test.example:\(try HTTPPeer.port(of: server))") >= 1)
    // What is for the server does not go to the proxy.
    #expect(try await HTTPPeer.count("proxy leak") == 0)
  }

  @Test func verifiesTheServerThroughTheTunnel() async throws {
    let settings = try settings(proxies: ["https_proxy=\(try proxy())"])
    let failure = try await fetch(try request("POST", "/ok", at: .wrongName, host: "test.example"), settings: settings)
      .failure
    #expect(failure?.reason == .tls)
    #expect(failure?.wasSent == false)
  }

  @Test(arguments: ["user:wrong-secret@", ""])
  func keepsCredentialsToItself(_ credentials: String) async throws {
    let settings = try settings(proxies: ["https_proxy=\(try proxy(credentials))"])
    let failure = try #require(
      try await fetch(try request("POST", "/ok", at: .https, host: "test.example"), settings: settings).failure)
    #expect(failure.reason == .connect)
    #expect(failure.detail == "cannot be reached: the proxy answered HTTP 407")
    #expect(!failure.wasSent)
  }

  @Test func saysWhenTheProxyIsNotThere() async throws {
    let settings = try settings(proxies: ["http_proxy=http://user:secret@127.0.0.1:1"])
    let failure = try await fetch(
      HTTPRequest("POST", try #require(HTTPURL("http://test.example/"))), settings: settings
    ).failure
    #expect(failure?.reason == .connect)
    #expect(failure?.detail == "cannot be reached through the proxy: connection refused")
    #expect(failure?.wasSent == false)
  }

  @Test func saysWhenTheProxyIsNoProxy() async throws {
    let settings = try settings(proxies: ["http_proxy=nonsense://user:secret@127.0.0.1:1"])
    let url = try #require(HTTPURL("http://test.example/"))
    let failure = try #require(try await fetch(HTTPRequest("POST", url), settings: settings).failure)
    #expect(!failure.detail.contains("secret"))
    #expect(!failure.wasSent)
  }

  @Test func neverForLoopback() async throws {
    let settings = try settings(proxies: ["all_proxy=http://127.0.0.1:1"])
    for host in ["127.0.0.1", "localhost"] {
      #expect(try await fetch(try request("GET", "/ok", host: host), settings: settings).text == "hello")
    }
  }

  /// A process of its own, because the environment belongs to the process.
  @Test func ignoresTheEnvironment() async {
    await #expect(processExitsWith: .success) {
      for name in ["http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"] {
        Environment.set(name, "http://127.0.0.1:1")
      }
      Environment.set("no_proxy", "")
      let failure = try await fetch(HTTPRequest("GET", try #require(HTTPURL("http://no-such-name.invalid/")))).failure
      #expect(failure?.reason == .resolve)
    }
  }
}
