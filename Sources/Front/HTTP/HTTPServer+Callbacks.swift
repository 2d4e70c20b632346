import CMicroHTTPD
import Glibc

// What libmicrohttpd calls, always within `MHD_run` or `MHD_stop_daemon` and so on the loop's thread. `cls` is the
// server, which is retained until it is stopped; contexts of connections and requests are retained from the callback
// that creates them to the one that ends them.

func httpTargetRead(
  _ cls: UnsafeMutableRawPointer?, _ target: UnsafePointer<CChar>?, _ connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
  let server = Unmanaged<HTTPServer>.fromOpaque(cls!).takeUnretainedValue()
  let context = Unmanaged<HTTPConnection>.fromOpaque(wp_http_context(connection)!).takeUnretainedValue()
  let exchange = HTTPExchange(server: server, connection: context, handle: connection!, target: target)
  server.exchangeBegan()
  return Unmanaged.passRetained(exchange).toOpaque()
}

func httpRequestAdvanced(
  _ cls: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ path: UnsafePointer<CChar>?,
  _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ chunk: UnsafePointer<CChar>?,
  _ count: UnsafeMutablePointer<Int>?, _ request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  // A request without a context had no request line; the library has answered it.
  guard let exchange = request?.pointee, let count else { return .NO }
  let available = count.pointee
  count.pointee = 0
  let goesOn = Unmanaged<HTTPExchange>.fromOpaque(exchange).takeUnretainedValue()
    .advance(method: method, chunk: chunk, count: available)
  return goesOn ? .YES : .NO
}

func httpRequestCompleted(
  _ cls: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ request: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ code: MHD_RequestTerminationCode
) {
  guard let request, let exchange = request.pointee else { return }
  request.pointee = nil
  Unmanaged<HTTPServer>.fromOpaque(cls!).takeUnretainedValue().exchangeEnded()
  Unmanaged<HTTPExchange>.fromOpaque(exchange).takeRetainedValue().finish()
}

func httpConnectionChanged(
  _ cls: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ change: MHD_ConnectionNotificationCode
) {
  let server = Unmanaged<HTTPServer>.fromOpaque(cls!).takeUnretainedValue()
  if change == .CONNECTION_NOTIFY_STARTED {
    let opened = server.connectionOpened(socket: wp_http_socket(connection))
    context!.pointee = Unmanaged.passRetained(opened).toOpaque()
  } else if let pointer = context?.pointee {
    context!.pointee = nil
    server.connectionClosed(Unmanaged<HTTPConnection>.fromOpaque(pointer).takeRetainedValue())
  }
}

/// Decodes nothing: routing splits the path before it decodes (the library would cut at `%00` and open `%2F`).
func httpUnescape(
  _ cls: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ text: UnsafeMutablePointer<CChar>?
) -> Int {
  text.map { strlen($0) } ?? 0
}
