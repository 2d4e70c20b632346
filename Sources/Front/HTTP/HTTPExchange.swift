import CMicroHTTPD
import Glibc
import Platform

/// One request and its answer. The body is complete when the handler gets the exchange, except in exchanges that the
/// guard refuses for their framing.
///
/// Answer it exactly once, within the handler's call (the cheap way) or any time later. An exchange whose client left
/// ignores its answer.
///
/// Guard of the unchecked `Sendable`: loop-confined, so that actors of the loop can keep it; `respond` and the header
/// functions end the process when they are called elsewhere.
package final class HTTPExchange: @unchecked Sendable {
  /// Where the exchange is in its life.
  enum Phase {
    /// Only the request line was read.
    case fresh
    /// The head is known, the body is being read.
    case reading
    /// The handler is being called.
    case offered
    /// The handler returned without an answer.
    case suspended
    /// The answer waits for the library to take it.
    case answered(HTTPResponse)
    /// The library has the answer.
    case sent
    /// The client left, or the server stops: the library shall close the connection.
    case abandoned
    /// The library has forgotten the request.
    case finished
  }

  /// Answers up to this length are copied by the library; the box for longer ones costs more than the copy.
  private static let copiedBytes = 2048

  package private(set) var head: RequestHead
  /// The request's body; empty when it is too large.
  package private(set) var body: [UInt8] = []
  /// The body was longer than `HTTPLimits.bodyBytes` and is not kept.
  package private(set) var isBodyTooLarge = false
  /// The connection is closed after the answer. Set by the server when the request's end is uncertain.
  package var closesConnection = false
  /// The listed origin that may read the answer (CORS); set by the guard.
  package var listedOrigin: String?
  /// What its client may see; set before anything is looked up.
  var scope = Scope.everything
  /// Names of headers that a listed origin may read, beside those that everybody may.
  var exposedHeaders: String?
  /// The answer is the outcome of an earlier request; said by a header.
  package var isDeduplicated = false

  private let server: HTTPServer
  private let connection: HTTPConnection
  /// The library's connection; valid while the phase is not `finished`.
  private let handle: OpaquePointer
  private(set) var phase = Phase.fresh
  private var discarded = 0
  private var disconnectAction: (() -> Void)?
  /// The body of the answer, if it is a stream.
  private var stream: HTTPBodyStream?

  init(server: HTTPServer, connection: HTTPConnection, handle: OpaquePointer, target: UnsafePointer<CChar>?) {
    self.server = server
    self.connection = connection
    self.handle = handle
    head = RequestHead(method: .get, target: target.flatMap { String(validatingCString: $0) })
  }

  // MARK: Reading

  package var method: HTTPMethod { head.method }

  /// The port that the server listens on.
  package var serverPort: Int { server.port }

  /// All values of a header in the order they came; `name` in any case. Empty once the exchange is answered.
  package func headers(_ name: String) -> [String] {
    assertCurrent()
    return search(name, isPrefix: false).map(\.value)
  }

  /// All headers whose names begin with `prefix`, in any case, as they came. Empty once the exchange is answered.
  package func headers(beginningWith prefix: String) -> [(name: String, value: String)] {
    assertCurrent()
    return search(prefix, isPrefix: true)
  }

  private func search(_ name: String, isPrefix: Bool) -> [(name: String, value: String)] {
    guard isOpen else { return [] }
    var search = HeaderSearch(name: name, isPrefix: isPrefix)
    search.run(handle)
    return search.fields
  }

  /// The value of a header that came exactly once.
  package func header(_ name: String) -> String? {
    let values = headers(name)
    return values.count == 1 ? values[0] : nil
  }

  /// Whether an answer can still be given.
  package var isOpen: Bool {
    switch phase {
    case .offered, .suspended: true
    case .fresh, .reading, .answered, .sent, .abandoned, .finished: false
    }
  }

  /// Whether an answer was given, or none can be given any more.
  package var isAnswered: Bool { !isOpen }

  /// Called once when the client leaves before the answer, or the server stops; at once when that was already so.
  package func onDisconnect(_ action: @escaping () -> Void) {
    assertCurrent()
    switch phase {
    case .abandoned, .finished: action()
    case .offered, .suspended: disconnectAction = action
    case .fresh, .reading, .answered, .sent: break
    }
  }

  // MARK: Answering

  /// Answers the request. Header names in lower case; a header that the library refuses (line breaks) is left out.
  package func respond(
    status: Int, headers: [(name: String, value: String)] = [], contentType: String? = "application/json",
    body: [UInt8] = []
  ) {
    guard mayAnswer(status) else { return }
    let response = HTTPResponse(status: status, body: body, copying: body.count <= Self.copiedBytes)
    answer(response, headers, contentType)
  }

  /// Begins an answer whose body comes piece by piece. Nil when the client has gone. `limit`: see `HTTPBodyStream`.
  package func respondStream(
    status: Int, headers: [(name: String, value: String)] = [], contentType: String,
    limit: Int = HTTPBodyStream.usualLimit
  ) -> HTTPBodyStream? {
    guard mayAnswer(status) else { return nil }
    let stream = HTTPBodyStream(self, limit: limit)
    self.stream = stream
    connection.streaming = self
    answer(HTTPResponse(status: status, stream: stream), headers, contentType)
    // Known from an earlier request on this connection.
    if connection.isPeerGone { server.loop.atEndOfTurn { stream.abandon() } }
    return stream
  }

  private func mayAnswer(_ status: Int) -> Bool {
    assertCurrent()
    switch phase {
    case .offered, .suspended: return true
    case .abandoned, .finished: return false
    case .answered, .sent: fatalError("a request was answered twice, the second time with status \(status)")
    case .fresh, .reading: fatalError("a request was answered before it was read")
    }
  }

  private func answer(_ response: HTTPResponse, _ headers: [(name: String, value: String)], _ contentType: String?) {
    if let contentType { response.add("content-type", contentType) }
    for header in headers { response.add(header.name, header.value) }
    if let listedOrigin { response.add("access-control-allow-origin", listedOrigin) }
    if listedOrigin != nil { response.add("vary", "Origin") }
    if isDeduplicated { response.add("x-warmplane-deduplicated", "true") }
    let exposed = isDeduplicated ? "x-warmplane-deduplicated" : exposedHeaders
    if let exposed, listedOrigin != nil { response.add("access-control-expose-headers", exposed) }
    if closesConnection || server.isStopping { response.add("connection", "close") }
    disconnectAction = nil
    if case .suspended = phase {
      phase = .answered(response)
      resume()
    } else {
      phase = .answered(response)
      _ = send(response)
    }
  }

  private func send(_ response: HTTPResponse) -> Bool {
    phase = .sent
    connection.waitingSince = nil
    return response.queue(on: handle)
  }

  private func resume() {
    connection.suspended = nil
    MHD_resume_connection(handle)
    server.noteResume()
  }

  // MARK: Called by the stream

  /// From within the library's call for more of the body.
  func suspendStream() {
    connection.suspended = self
    MHD_suspend_connection(handle)
  }

  func resumeStream() { resume() }

  func shutDownConnection() { connection.shutDown() }

  func atEndOfTurn(_ action: @escaping () -> Void) { server.loop.atEndOfTurn(action) }

  // MARK: Called by the server

  /// The library has something for this request, or wants something; false closes the connection.
  func advance(method: UnsafePointer<CChar>?, chunk: UnsafePointer<CChar>?, count: Int) -> Bool {
    switch phase {
    case .fresh: return begin(method)
    case .reading where count > 0: return append(UnsafeRawBufferPointer(start: chunk, count: count))
    case .reading: return offer()
    case .answered(let response): return send(response)
    case .abandoned, .finished: return false
    case .offered, .suspended, .sent: return true
    }
  }

  /// The head is complete.
  private func begin(_ method: UnsafePointer<CChar>?) -> Bool {
    phase = .reading
    head.method = HTTPMethod(method.map { String(cString: $0) } ?? "")
    head.readHeaders(of: handle)
    let limits = server.limits
    let length = head.announcedLength ?? 0
    isBodyTooLarge = length > limits.bodyBytes
    // Nothing more is read where the end is unknown or too far away, or the client waits for a word before it sends:
    // the answer comes at once and ends the connection.
    if head.hasBrokenFraming || length > limits.drainBytes || (isBodyTooLarge && head.expectsContinue) {
      closesConnection = true
      return offer()
    }
    // Not all that was announced: a client could reserve memory that it never fills.
    if length > 0 && !isBodyTooLarge { body.reserveCapacity(min(length, 64 * 1024)) }
    return true
  }

  private func append(_ chunk: UnsafeRawBufferPointer) -> Bool {
    if !isBodyTooLarge && body.count + chunk.count > server.limits.bodyBytes {
      isBodyTooLarge = true
      discarded = body.count
      body = []
    }
    guard isBodyTooLarge else {
      body.append(contentsOf: chunk)
      return true
    }
    discarded += chunk.count
    return discarded <= server.limits.drainBytes
  }

  private func offer() -> Bool {
    phase = .offered
    connection.waitingSince = nil
    server.handler(self)
    guard case .offered = phase else { return true }
    phase = .suspended
    connection.suspended = self
    MHD_suspend_connection(handle)
    // Known from an earlier request on this connection; not from within the library's call.
    if connection.isPeerGone { server.loop.atEndOfTurn { self.abandon() } }
    return true
  }

  /// Nobody waits for the answer any more: closes the connection and tells the handler's side.
  func abandon() {
    if let stream { return stream.abandon() }
    guard case .suspended = phase else { return }
    phase = .abandoned
    resume()
    takeDisconnectAction()?()
  }

  /// The library forgets the request, answered or not.
  func finish() {
    let action: (() -> Void)?
    if isOpen { action = takeDisconnectAction() } else { action = nil }
    phase = .finished
    connection.suspended = nil
    connection.streaming = nil
    stream?.finish()
    stream = nil
    connection.waitingSince = .now
    if connection.isPeerGone { server.letLibraryNotice(connection) }
    action?()
  }

  private func takeDisconnectAction() -> (() -> Void)? {
    defer { disconnectAction = nil }
    return disconnectAction
  }

  private func assertCurrent() {
    if !server.loop.isCurrent { fatalError("an HTTP exchange was used outside its event loop") }
  }
}
