import Client
import Foundation
import Glibc
import Testing

/// The facade commands over loopback HTTP.
@Suite struct CLIHTTPTests {
  private static let body = #"{"ok":true,"data":1}"#

  private static func response(_ status: String, _ body: String) -> [String] {
    ["HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"]
  }

  @Test(arguments: [
    (["list-capabilities"], "GET /v1/capabilities HTTP/1.1", ""),
    (["list-capabilities", "--no-wait"], "GET /v1/capabilities?wait=0 HTTP/1.1", ""),
    (["describe-capability", "a/b ü?%"], "GET /v1/capabilities/a%2Fb%20%C3%BC%3F%25 HTTP/1.1", ""),
    (["list-resources"], "GET /v1/resources HTTP/1.1", ""),
    (["list-prompts", "--no-wait"], "GET /v1/prompts?wait=0 HTTP/1.1", ""),
    (
      ["read-resource", "a/b ü"], "POST /v1/resources/read HTTP/1.1", #"{"resource_id":"a/b ü","request_id":null}"#
    ),
    (
      ["get-prompt", "p", "-a", #"{"x":[]}"#, "--request-id=r"], "POST /v1/prompts/get HTTP/1.1",
      #"{"prompt_id":"p","arguments":{"x":[]},"request_id":"r"}"#
    ),
    (
      ["call-capability", "x", "--params", #"{"n": 1.0}"#], "POST /v1/tools/call HTTP/1.1",
      #"{"capability_id":"x","args":{"n": 1.0},"request_id":null}"#
    ),
  ])
  func requests(_ arguments: [String], _ line: String, _ body: String) async throws {
    let server = CLIScriptedHTTPServer(answering: Self.response("200 OK", Self.body))
    var program = CLIProgram(in: CLIWorkspace())
    program.environment = ["http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"]
    let result = try await program.run(arguments + ["-p", "\(server.port)"])
    #expect(result.code == 0)
    #expect(result.output == Self.body + "\n")
    let parts = server.received.components(separatedBy: "\r\n\r\n")
    #expect(parts.count == 2)
    #expect(parts[0].hasPrefix("\(line)\r\nHost: 127.0.0.1:\(server.port)\r\n"))
    #expect(parts[0].contains("\r\nContent-Type: application/json") == !body.isEmpty)
    #expect(parts.last == body)
  }

  @Test func aFailureEnvelopeEndsWithCode1() async throws {
    let server = CLIScriptedHTTPServer(answering: Self.response("404 Not Found", #"{"ok":false}"#))
    let result = try await CLIProgram(in: CLIWorkspace()).run(["describe-capability", "x", "-p", "\(server.port)"])
    #expect(result.code == 1)
    #expect(result.output == "{\"ok\":false}\n")
  }

  @Test(arguments: [
    (nil, "the connection to the daemon was lost"),
    (["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"], "the connection to the daemon was lost"),
    (["SSH-2.0-OpenSSH\r\n"], "the answer is not one of a warmplane daemon"),
    (["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"], "the answer is not one of a warmplane daemon"),
  ])
  func brokenAnswersAreErrors(_ pieces: [String]?, _ message: String) async throws {
    let server = CLIScriptedHTTPServer(answering: pieces)
    let result = try await CLIProgram(in: CLIWorkspace()).run(["list-capabilities", "-p", "\(server.port)"])
    #expect(result.code == 1)
    #expect(result.output.isEmpty)
    #expect(result.error.hasPrefix("Error: \(message)"))
  }

  @Test func nobodyAtThePort() async throws {
    // Bound and not listening: nobody else can take the port meanwhile.
    let taken = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(taken) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(taken, $0, size)
        _ = getsockname(taken, $0, &size)
      }
    }
    let port = UInt16(bigEndian: address.sin_port)
    let result = try await CLIProgram(in: CLIWorkspace()).run(["list-capabilities", "-p", "\(port)"])
    #expect(result.code == 3)
    #expect(result.error.hasPrefix("Error: nobody answers at http://127.0.0.1:\(port); start a daemon with: "))
  }
}

/// The response parser on its own, with every split of every text.
@Suite struct CLIHTTPResponseParserTests {
  enum Outcome: Sendable, Equatable {
    case response(Int, String)
    case failure(HTTPResponseError)
  }

  static let texts: [(String, Outcome)] = [
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", .response(200, "{}")),
    ("HTTP/1.1 200 OK\r\nCONTENT-LENGTH:2 \r\n\r\n{}rest", .response(200, "{}")),
    ("HTTP/1.1 404\r\ncontent-length: 0\r\n\r\n", .response(404, "")),
    ("HTTP/1.0 200 OK\r\n\r\nall of it", .response(200, "all of it")),
    ("HTTP/1.1 204 No Content\r\n\r\n", .response(204, "")),
    ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", .response(200, "x")),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\n",
      .response(200, "abc0123456789")
    ),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", .failure(.truncated)),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", .failure(.truncated)),
    ("", .failure(.truncated)),
    ("HTTP/2 200 OK\r\n\r\n", .failure(.malformed("status line"))),
    ("HTTP/1.1 20x OK\r\n\r\n", .failure(.malformed("status line"))),
    ("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", .failure(.malformed("header line"))),
    ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .failure(.malformed("content-length"))),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", .failure(.malformed("content-length"))),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .failure(.malformed("transfer-encoding"))),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\n", .failure(.malformed("chunk size"))),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", .failure(.malformed("end of a chunk"))),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
      .failure(.bodyTooLarge(limit: HTTPResponseParser.bodyLimit))
    ),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n",
      .failure(.bodyTooLarge(limit: HTTPResponseParser.bodyLimit))
    ),
  ]

  private static func parse(_ text: String, pieces: Int) -> Outcome {
    let bytes = Array(text.utf8)
    var parser = HTTPResponseParser()
    do throws(HTTPResponseError) {
      var start = 0
      while start < bytes.count {
        let end = min(start + pieces, bytes.count)
        let piece = Array(bytes[start..<end])
        var failure: HTTPResponseError?
        piece.withUnsafeBytes { buffer in
          do throws(HTTPResponseError) { try parser.feed(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
        start = end
      }
      try parser.finish()
    } catch {
      return .failure(error)
    }
    return .response(parser.status, String(decoding: parser.body, as: UTF8.self))
  }

  @Test(arguments: texts)
  func everySplitGivesTheSame(_ text: String, _ outcome: Outcome) {
    for pieces in 1...max(1, text.utf8.count) { #expect(Self.parse(text, pieces: pieces) == outcome) }
  }

  @Test func aHeadWithoutEndIsRefused() {
    let text = "HTTP/1.1 200 OK\r\n" + String(repeating: "a: b\r\n", count: 20_000)
    #expect(Self.parse(text, pieces: 4096) == .failure(.headTooLarge(limit: HTTPResponseParser.headLimit)))
  }
}
