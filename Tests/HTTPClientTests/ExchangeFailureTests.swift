import HTTPClient
import Platform
import Protocol
import TestSupport
import Testing

/// Each way to fail has its own reason and sentence, and says whether the request may have arrived.
struct ExchangeFailureTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let target: String
    let reason: HTTPFailure.Reason
    let detail: String
    var change: @Sendable (inout HTTPRequest) -> Void = { _ in }

    var testDescription: String { "\(reason) \(target)" }
  }

  static let cases = [
    Case(target: "/half", reason: .broken, detail: "closed the connection in the middle of its answer"),
    Case(target: "/events", reason: .broken, detail: "closed the connection in the middle of its answer"),
    Case(target: "/swallow", reason: .broken, detail: "closed the connection before it answered"),
    Case(
      target: "/reset", reason: .broken, detail: "broke the connection before it answered: connection reset by peer"),
    Case(target: "/raw?bytes=hello", reason: .broken, detail: "sent what is no HTTP"),
    Case(target: "/raw?bytes=HTTP/1.1%20abc%0D%0A%0D%0A", reason: .broken, detail: "sent what is no HTTP"),
    Case(
      target: "/raw?bytes=HTTP/1.1%20200%20OK%0D%0AA%20:b%0D%0A%0D%0A", reason: .broken,
      detail: "sends a header that is no HTTP"),
    Case(
      target: "/raw?bytes=HTTP/1.1%20200%20OK%0D%0ATransfer-Encoding:%20chunked%0D%0A%0D%0Azz%0D%0A", reason: .broken,
      detail: "broke the connection in the middle of its answer"),
    Case(
      target: "/raw?bytes=HTTP/1.1%20200%20OK%0D%0AContent-Encoding:%20gzip%0D%0AContent-Length:%204%0D%0A%0D%0Aabcd",
      reason: .broken, detail: "sent a body that cannot be decompressed"),
    Case(target: "/head?bytes=200000", reason: .tooLarge, detail: "sends more than 128 KiB or 512 lines of header"),
    Case(target: "/head?fields=600", reason: .tooLarge, detail: "sends more than 128 KiB or 512 lines of header"),
    Case(target: "/length?bytes=209715200", reason: .tooLarge, detail: "sends a body of more than 1 MiB") {
      $0.bodyLimit = 1024 * 1024
    },
    Case(target: "/bomb", reason: .tooLarge, detail: "sends a body of more than 1 MiB") { $0.bodyLimit = 1024 * 1024 },
    Case(target: "/never", reason: .firstByteTimeout, detail: "did not begin to answer within 150 ms") {
      $0.firstByteTimeout = .milliseconds(150)
    },
    Case(target: "/never", reason: .totalTimeout, detail: "did not complete its answer within 150 ms") {
      $0.totalTimeout = .milliseconds(150)
    },
    Case(target: "/stall", reason: .idleTimeout, detail: "stopped answering: nothing came for 150 ms") {
      $0.idleTimeout = .milliseconds(150)
      $0.firstByteTimeout = .seconds(20)
    },
    Case(
      target: "/drip?pieces=1000&seconds=0.01", reason: .totalTimeout,
      detail: "did not complete its answer within 300 ms"
    ) {
      $0.idleTimeout = .seconds(20)
      $0.totalTimeout = .milliseconds(300)
    },
  ]

  @Test(arguments: cases)
  func tells(_ one: Case) async throws {
    var request = try request("POST", one.target)
    one.change(&request)
    let failure = try #require(try await fetch(request).failure)
    #expect(failure.reason == one.reason)
    #expect(failure.detail.hasPrefix(one.detail), "\(failure.detail)")
    #expect(failure.wasSent)
  }

  @Test func refusedConnection() async throws {
    let failure = try await fetch(HTTPRequest("POST", try #require(HTTPURL("http://127.0.0.1:1/x?secret=1")))).failure
    #expect(failure?.reason == .connect)
    #expect(failure?.detail == "cannot be reached: no connection to http://127.0.0.1:1: connection refused")
    #expect(failure?.wasSent == false)
  }

  @Test func unknownName() async throws {
    let failure = try await fetch(HTTPRequest("POST", try #require(HTTPURL("http://no-such-name.invalid/")))).failure
    #expect(failure?.reason == .resolve)
    #expect(failure?.detail == "cannot be reached: no address was found for the name no-such-name.invalid")
    #expect(failure?.wasSent == false)
  }

  @Test func nobodyAnswersTheConnection() async throws {
    var request = try request("POST", "/", at: .blackhole)
    request.connectTimeout = .milliseconds(200)
    let failure = try #require(try await fetch(request).failure)
    #expect(failure.reason == .connectTimeout)
    #expect(failure.detail.hasSuffix("within 200 ms"), "\(failure.detail)")
    #expect(!failure.wasSent)
  }

  /// The answer counts, not its pieces.
  @Test func slowAnswersAreNoFailure() async throws {
    var request = try request("GET", "/drip?pieces=9&seconds=0.5")
    // Shorter than the whole answer, and still long for a busy machine.
    request.idleTimeout = .seconds(4)
    request.firstByteTimeout = .seconds(4)
    #expect(try await fetch(request).text == String(repeating: "drop", count: 9))
  }

  /// What a server says before it has read everything is its answer.
  @Test(arguments: [HTTPPeer.Server.http, .https])
  func readsAnswersToUnfinishedRequests(_ server: HTTPPeer.Server) async throws {
    var request = try request("POST", "/early", at: server)
    request.body = [UInt8](repeating: 0x20, count: 400_000)
    let answer = try await fetch(request).get()
    #expect(answer.head.status == 413)
    #expect(String(decoding: answer.body, as: UTF8.self) == "too much")
  }

  /// A stream has no limit of its length, but may not be blown up.
  @Test func boundsStreamsThatDecompressWithoutEnd() async throws {
    let (failure, bytes) = try await withClient { _, client in
      var request = try request("GET", "/bomb")
      request.bodyLimit = nil
      return await withCheckedContinuation { continuation in
        var bytes = 0
        client.start(
          request,
          HTTPHandlers(
            onBytes: { bytes += $0.count },
            onEnd: { result in
              if case .failure(let failure) = result { continuation.resume(returning: (failure, bytes)) }
            }))
      }
    }
    #expect(failure.reason == .tooLarge)
    #expect(failure.detail == "sends a compressed body that grows more than 100 times")
    #expect(bytes <= 17 * 1024 * 1024)
  }

  /// Comments without end are read without being kept.
  @Test func endlessCommentsTakeNoMemory() async throws {
    let (held, events) = try await withClient { _, client in
      var request = try request("GET", "/comments")
      request.bodyLimit = nil
      return await withCheckedContinuation { continuation in
        var decoder = EventStreamDecoder(limit: 1024)
        var (bytes, held, events) = (0, 0, 0)
        var transfer: HTTPTransfer?
        transfer = client.start(
          request,
          HTTPHandlers(
            onBytes: { piece in
              bytes += piece.count
              decoder.feed(piece) { _ in events += 1 }
              held = max(held, decoder.heldBytes)
              if bytes > 8 * 1024 * 1024 { transfer?.cancel() }
            }, onEnd: { _ in continuation.resume(returning: (held, events)) }))
      }
    }
    #expect(held < 16)
    #expect(events == 0)
  }
}
