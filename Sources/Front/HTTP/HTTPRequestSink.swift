/// Takes the requests that the front let in.
package protocol HTTPRequestSink: AnyObject {
  /// Must answer `exchange`, now or later. Called on the loop. For routes with a body it is at most as long as allowed
  /// and announced as JSON; it is not parsed.
  func handle(_ route: V1Route, _ exchange: HTTPExchange)
}
