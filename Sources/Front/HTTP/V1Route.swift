package import Protocol

/// The endpoints of `/v1` (contract §3.1).
package enum V1Route: Sendable, Equatable {
  /// `wait` is the client's bound on waiting for first lists, in milliseconds.
  case listCapabilities(wait: Int?)
  case describeCapability(String)
  case callTool
  case listResources(wait: Int?)
  case readResource
  case listPrompts(wait: Int?)
  case getPrompt
  /// The request id of the operations to cancel.
  case cancelOperation(String)
  case listRecords

  /// Whether the request has a JSON body.
  package var hasBody: Bool {
    switch self {
    case .callTool, .readResource, .getPrompt: true
    case .listCapabilities, .describeCapability, .listResources, .listPrompts, .cancelOperation, .listRecords: false
    }
  }

  /// Finds the route of a request. The path is split before it is percent-decoded, so an encoded slash is a part of an
  /// id. Throws 404 `unknown_route`, 405 with `Allow`, or 400 `invalid_field` for an id that cannot be decoded.
  package static func parse(_ head: RequestHead) throws(OperationFailure) -> V1Route {
    let prefix = "/v1/capabilities/"
    let operationPrefix = "/v1/operations/"
    switch head.path {
    case "/v1/capabilities": return try read(head, .listCapabilities(wait: wait(head.query)))
    case "/v1/resources": return try read(head, .listResources(wait: wait(head.query)))
    case "/v1/prompts": return try read(head, .listPrompts(wait: wait(head.query)))
    case "/v1/tools/call": return try post(head, .callTool)
    case "/v1/resources/read": return try post(head, .readResource)
    case "/v1/prompts/get": return try post(head, .getPrompt)
    case "/v1/idempotency/records": return try read(head, .listRecords)
    case let path where path.utf8.starts(with: prefix.utf8):
      let segment = path.utf8.dropFirst(prefix.utf8.count)
      if segment.isEmpty || segment.contains(UInt8(ascii: "/")) { throw unknown }
      return try read(head, .describeCapability(PathSegment.decode(segment)))
    case let path where path.utf8.starts(with: operationPrefix.utf8):
      // "/v1/operations/{id}/cancel"
      let parts = path.utf8.dropFirst(operationPrefix.utf8.count)
        .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, parts[1].elementsEqual("cancel".utf8) else { throw unknown }
      return try post(head, .cancelOperation(PathSegment.decode(parts[0])))
    default: throw unknown
    }
  }

  private static var unknown: OperationFailure {
    OperationFailure(status: 404, code: .invalidArgs, message: "There is no such route.", reason: "unknown_route")
  }

  private static func read(
    _ head: RequestHead, _ route: @autoclosure () throws(OperationFailure) -> V1Route
  ) throws(OperationFailure) -> V1Route {
    guard head.method == .get || head.method == .head else { throw notAllowed("GET, HEAD") }
    return try route()
  }

  private static func post(
    _ head: RequestHead, _ route: @autoclosure () throws(OperationFailure) -> V1Route
  ) throws(OperationFailure) -> V1Route {
    guard head.method == .post else { throw notAllowed("POST") }
    return try route()
  }

  private static func notAllowed(_ allow: String) -> OperationFailure {
    OperationFailure(
      status: 405, code: .invalidArgs, message: "This route takes \(allow) only.", reason: "method_not_allowed",
      allow: allow)
  }

  /// The first `wait` of a query. The rest of the query is ignored, and so is a value that is not a number.
  private static func wait(_ query: String?) -> Int? {
    guard let query else { return nil }
    for field in query.utf8.split(separator: UInt8(ascii: "&")) where field.starts(with: "wait=".utf8) {
      let digits = field.dropFirst("wait=".utf8.count)
      guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      return Int(String(Substring(digits)))
    }
    return nil
  }
}
