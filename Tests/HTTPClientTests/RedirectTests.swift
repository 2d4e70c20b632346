import HTTPClient
import Platform
import Protocol
import TestSupport
import Testing

struct RedirectTests {
  private func get(_ method: String, _ target: String, _ redirects: HTTPRequest.Redirects) async throws -> Result<
    HTTPAnswer, HTTPFailure
  > {
    var request = try request(method, target)
    request.redirects = redirects
    request.fields = [HTTPField("Authorization", "Bearer secret")]
    request.body = method == "POST" ? Array("body".utf8) : nil
    return try await fetch(request)
  }

  @Test(arguments: ["301", "302", "303", "307", "308"])
  func followsWithinTheOrigin(_ status: String) async throws {
    let answer = try await get("GET", "/redirect/x?status=\(status)&to=../echo%3Fa", .sameOrigin).get()
    #expect(answer.head.url == (try HTTPPeer.url("/echo?a")))
    #expect(String(decoding: answer.body, as: UTF8.self).hasPrefix("GET /echo?a HTTP/1.1\r\n"))
  }

  @Test(arguments: ["307", "308"])
  func keepsMethodBodyAndFields(_ status: String) async throws {
    let text = try #require(try await get("POST", "/redirect?status=\(status)&to=/echo", .sameOrigin).text)
    #expect(text.hasPrefix("POST /echo HTTP/1.1\r\n"))
    #expect(text.contains("Authorization: Bearer secret\r\n"))
    #expect(text.hasSuffix("\r\n\r\nbody"))
  }

  @Test(arguments: ["301", "302", "303"])
  func neverMakesAGetOfAPost(_ status: String) async throws {
    let key = "303-\(status)"
    let failure = try await get("POST", "/redirect?status=\(status)&to=/ok%3Fkey=\(key)", .sameOrigin).failure
    #expect(failure?.reason == .redirect)
    #expect(failure?.wasSent == true)
    #expect(try await HTTPPeer.count(key) == 0)
  }

  @Test func refusesAllWhenTold() async throws {
    let failure = try await get("GET", "/redirect?to=/ok%3Fsecret", .refuse).failure
    #expect(failure?.reason == .redirect)
    #expect(failure?.detail == "redirects (HTTP 307) to \(try HTTPPeer.url("/ok")), which is not followed")
  }

  @Test func refusesAForeignHost() async throws {
    // The same server by another name, so that it would answer.
    let other = try HTTPPeer.url("/ok?key=foreign", host: "localhost")
    let failure = try await get("GET", "/redirect?to=\(other.description.replacing("?", with: "%3F"))", .sameOrigin)
      .failure
    #expect(failure?.reason == .redirect)
    #expect(failure?.detail.hasPrefix("redirects to another origin, \(other.origin),") == true)
    #expect(try await HTTPPeer.count("foreign") == 0)
  }

  @Test func goesToTLSOnTheSameHostButNotBack() async throws {
    let secure = try HTTPPeer.url("/echo", at: .https)
    let there = try await get("POST", "/redirect?to=\(secure)", .sameOrigin)
    #expect(there.text?.hasPrefix("POST /echo") == true)
    var back = try request("GET", "/redirect?to=\(try HTTPPeer.url("/ok"))", at: .https)
    back.redirects = .sameOrigin
    #expect(try await fetch(back).failure?.reason == .redirect)
  }

  @Test func endsInARing() async throws {
    let failure = try await get("GET", "/ring?at=0&of=3&secret=hidden", .sameOrigin).failure
    #expect(failure?.reason == .redirect)
    #expect(failure?.detail == "redirects in a circle at \(try HTTPPeer.url("/ring"))")
    let long = try await get("GET", "/ring?at=0&of=30&secret=hidden", .sameOrigin).failure
    #expect(long?.detail == "redirects more than 5 times, last to \(try HTTPPeer.url("/ring"))")
  }

  /// A redirect's body is nobody's answer.
  @Test func dropsTheBodiesOfRedirects() async throws {
    let text = try await withClient { _, client in
      var request = try request("GET", "/redirect?to=/ok")
      request.redirects = .sameOrigin
      request.bodyLimit = 5
      return String(decoding: try await client.fetch(request).body, as: UTF8.self)
    }
    #expect(text == "hello")
  }
}
