import HTTPClient
import Protocol
import TestSupport
import Testing

/// Certificates and names are always verified.
struct TLSTests {
  @Test(arguments: ["127.0.0.1", "localhost"])
  func trustsAPrivateAuthority(_ host: String) async throws {
    #expect(try await fetch(try request("POST", "/ok", at: .https, host: host)).text == "hello")
  }

  @Test(arguments: [
    (HTTPPeer.Server.wrongName, "presents a certificate for another name than 127.0.0.1: the URL needs a name that"),
    (.stranger, "presents a certificate of an authority that is not trusted here: set caFile if it is a private one"),
    (.expired, "presents a certificate that has expired: "),
    (.oldTLS, "cannot be reached: the TLS handshake failed"),
  ])
  func refuses(_ server: HTTPPeer.Server, _ detail: String) async throws {
    let failure = try #require(try await fetch("POST", "/ok?key=tls-\(server)", at: server).failure)
    #expect(failure.reason == .tls)
    #expect(failure.detail.hasPrefix(detail), "\(failure.detail)")
    #expect(!failure.wasSent)
    #expect(try await HTTPPeer.count("tls-\(server)") == 0)
  }

  @Test func trustsOnlyTheSystemOtherwise() async throws {
    let failure = try await fetch("POST", "/ok", at: .https, settings: .init(userAgent: "t")).failure
    #expect(failure?.reason == .tls)
    #expect(failure?.detail.hasPrefix("presents a certificate of an authority that is not trusted here") == true)
  }

  @Test func saysWhenTheServerSpeaksNoTLS() async throws {
    let url = try #require(HTTPURL("https://127.0.0.1:\(try HTTPPeer.port(of: .http))/"))
    let failure = try #require(try await fetch(HTTPRequest("POST", url)).failure)
    #expect(failure.reason == .tls)
    #expect(failure.detail.hasPrefix("cannot be reached: the TLS handshake failed ("), "\(failure.detail)")
    #expect(!failure.wasSent)
  }

  @Test(arguments: ["", "no certificate\n", nil])
  func saysWhenTheAuthoritiesCannotBeRead(_ content: String?) async throws {
    let scratch = try ScratchDirectory()
    if let content { try Files.write(content, to: scratch.file("ca.pem")) }
    let settings = HTTPClient.Settings(userAgent: "t", authorityFile: scratch.file("ca.pem"))
    let failure = try await fetch("POST", "/ok", at: .https, settings: settings).failure
    #expect(failure?.reason == .tls)
    #expect(failure?.detail == "cannot be trusted: the file of certificate authorities cannot be read or has none")
    #expect(failure?.wasSent == false)
  }
}
