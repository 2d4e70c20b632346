import HTTPClient
import Protocol
import TestSupport

@testable import OAuth

/// A web of documents for `Discovery`: walks it without a network and notes what was asked for.
struct DiscoveryWeb {
  enum Page {
    case document(String)
    case status(Int, fields: [HTTPField] = [])
    case failure(HTTPFailure.Reason)
  }

  var pages: [String: Page] = [:]
  private(set) var asked: [String] = []

  init(_ pages: [String: Page]) { self.pages = pages }

  /// Whatever is not in the web is a 404.
  mutating func walk(_ profile: OAuthProfile) throws -> Result<DiscoveryRecord, DiscoveryFailure> {
    var discovery = Discovery(profile)
    for _ in 0..<OAuthLimits.discoveryRequests {
      switch discovery.step {
      case .done(let record): return .success(record)
      case .failed(let failure): return .failure(failure)
      case .fetch(let fetch):
        asked.append(fetch.url.description)
        switch pages[fetch.url.description] ?? .status(404) {
        case .document(let text): discovery.handle(.answer(status: 200, fields: [], body: Array(text.utf8)))
        case .status(let status, let fields): discovery.handle(.answer(status: status, fields: fields, body: []))
        case .failure(let reason): discovery.handle(.failed(HTTPFailure(reason, "said \(reason)", wasSent: true)))
        }
      }
    }
    throw TestFailure("no end: \(asked)")
  }
}

extension OAuthProfile {
  /// A server `docs` at `url`.
  static func sample(_ url: String = "https://mcp.test/mcp") throws -> OAuthProfile {
    guard let profile = OAuthProfile(server: "docs", serverURL: url) else { throw TestFailure("no URL: \(url)") }
    return profile
  }
}

/// A usable document of an authorization server, with more members or others.
func serverDocument(_ issuer: String, _ more: String = "") -> DiscoveryWeb.Page {
  let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
  return .document(
    #"""
    {"issuer":"\#(issuer)","authorization_endpoint":"\#(base)/authorize","token_endpoint":"\#(base)/token",
     "code_challenge_methods_supported":["plain","S256"]\#(more.isEmpty ? "" : ",")\#(more)}
    """#)
}

func resourceDocument(_ resource: String, _ servers: String..., more: String = "") -> DiscoveryWeb.Page {
  let list = servers.map { "\"\($0)\"" }.joined(separator: ",")
  return .document(
    #"{"resource":"\#(resource)","authorization_servers":[\#(list)]\#(more.isEmpty ? "" : ",")\#(more)}"#)
}

func challenge(_ text: String) -> DiscoveryWeb.Page { .status(401, fields: [HTTPField("WWW-Authenticate", text)]) }
