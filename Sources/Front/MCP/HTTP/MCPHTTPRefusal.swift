import Protocol

/// An HTTP answer that is an error: a status, and a JSON-RPC error as its body.
struct MCPHTTPRefusal: Error {
  var status: Int
  /// Of the request, if there is one that could be read.
  var id: RequestID?
  var code = MCPErrorCode.invalidRequest
  var message: String
  var data: JSONSlice?
  /// The value of `Allow`.
  var allow: String?

  var body: [UInt8] { JSONRPCWriter.error(id: id, code: code, message: message, data: data) }

  static let missingSession = MCPHTTPRefusal(status: 400, message: "Missing session ID")
  /// Unknown, ended, or somebody else's: who asks learns nothing about which.
  static let unknownSession = MCPHTTPRefusal(status: 404, message: "Session not found")

  static let unknownEvent = MCPHTTPRefusal(status: 400, message: "What followed this Last-Event-ID is not known")
  static let tooManyStreams = MCPHTTPRefusal(
    status: 503, code: MCPErrorCode.internalError,
    message: "Too many event streams are open; end some, or try again later. Requests without one are served")
  /// The same answer is asked for twice; the later one gets it.
  static let superseded = MCPHTTPRefusal(
    status: 409, message: "Conflict: the answer goes to the connection that asked for it with Last-Event-ID")

  static func headerMismatch(_ id: RequestID?, _ message: String) -> MCPHTTPRefusal {
    MCPHTTPRefusal(status: 400, id: id, code: MCPErrorCode.headerMismatch, message: message)
  }

  static func methodNotAllowed(_ allow: String) -> MCPHTTPRefusal {
    MCPHTTPRefusal(status: 405, message: "This endpoint takes \(allow) only", allow: allow)
  }

  /// What was refused before anybody knew that the request is one of MCP.
  init(_ failure: OperationFailure) {
    let advice = failure.hint?.didYouMean.first.map { " Did you mean \"\($0)\"?" } ?? ""
    self.init(status: failure.status, message: failure.message + advice, allow: failure.allow)
  }

  init(
    status: Int, id: RequestID? = nil, code: Int = MCPErrorCode.invalidRequest, message: String, data: JSONSlice? = nil,
    allow: String? = nil
  ) {
    self.status = status
    self.id = id
    self.code = code
    self.message = message
    self.data = data
    self.allow = allow
  }

  /// The status of an answer with an error at a revision without sessions (mcp-checklist §1.7).
  static func status(ofModern code: Int) -> Int {
    switch code {
    case MCPErrorCode.methodNotFound: 404
    case MCPErrorCode.parseError, MCPErrorCode.invalidRequest, MCPErrorCode.invalidParams: 400
    case _ where MCPErrorCode.isModern(code): 400
    default: 200
    }
  }
}

extension MCPErrorCode {
  /// What ends the POST of a request that its client has cancelled, as the official Python SDK's servers end it.
  static let requestCancelled = -32800
}

extension RequestID {
  /// The id of a request that may not have been looked at yet; nil for what is none.
  init?(ofRequest body: [UInt8]) {
    do {
      guard case .request(let id, _) = try JSONRPCMessage(parsing: body).kind else { return nil }
      self = id
    } catch {
      guard let id = error.id else { return nil }
      self = id
    }
  }
}
