import Foundation
import HTTPClient
import Protocol
import TestSupport

/// The servers of `Peers/peer.py`, in a process of their own, one for all tests.
final class HTTPPeer: Sendable {
  /// One of the servers.
  enum Server: String, CaseIterable, Sendable {
    case http, https, http2, https2, proxy, wrongName, stranger, expired, oldTLS, blackhole

    var scheme: String {
      switch self {
      case .http, .http2, .proxy, .blackhole: "http"
      case .https, .https2, .wrongName, .stranger, .expired, .oldTLS: "https"
      }
    }
  }

  static let shared = Result { try HTTPPeer() }

  /// PEM file of the authority that signed all but `stranger`.
  let authority: String
  private let ports: [Server: Int]
  private let program: PeerProgram

  private init() throws {
    program = try PeerProgram("Tests/HTTPClientTests/Peers/peer.py", python: ".venv-sdk2/bin/python")
    let ready = program.announcement
    var ports: [Server: Int] = [:]
    for server in Server.allCases { ports[server] = ready.member(server.rawValue)?.int }
    guard let authority = ready.member("authority")?.string, ports.count == Server.allCases.count else {
      throw TestFailure("the peer lacks a port")
    }
    self.authority = authority
    self.ports = ports
  }

  static func port(of server: Server) throws -> Int { try shared.get().ports[server] ?? 0 }

  /// The URL of `target`, which begins with a slash, at `server`.
  static func url(_ target: String, at server: Server = .http, host: String = "127.0.0.1") throws -> HTTPURL {
    let text = "\(server.scheme)://\(host):\(try port(of: server))\(target)"
    guard let url = HTTPURL(text) else { throw TestFailure("no URL: \(text)") }
    return url
  }

  /// How often a request with that key was read to its end.
  static func count(_ key: String) async throws -> Int {
    let key = key.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? key
    let body = try await fetch("GET", "/count?of=\(key)").get().body
    guard let count = Int(String(decoding: body, as: UTF8.self)) else { throw TestFailure("no count") }
    return count
  }
}
