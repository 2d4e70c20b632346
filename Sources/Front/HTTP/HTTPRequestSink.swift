package import Protocol

/// Takes the requests that the front let in.
package protocol HTTPRequestSink: AnyObject {
  /// Decides before anything of route and body is looked at whether the request is for something that exists; the failure
  /// if not. Called on the loop.
  func admit(_ exchange: HTTPExchange) -> OperationFailure?

  /// Must answer `exchange`, now or later. Called on the loop. For routes with a body it is at most as long as allowed
  /// and announced as JSON; it is not parsed.
  func handle(_ route: V1Route, _ exchange: HTTPExchange)
}
