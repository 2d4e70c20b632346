import CMicroHTTPD

/// An answer in the library's form. Loop-confined.
final class HTTPResponse {
  private let status: Int
  private let handle: OpaquePointer

  /// Keeps a body for the library, which reads it until it has sent it.
  private final class Body {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }
  }

  /// With `copying` the library takes a copy of `body`; otherwise it reads the array's own storage.
  init(status: Int, body: [UInt8], copying: Bool) {
    self.status = status
    let created: OpaquePointer?
    if body.isEmpty {
      created = MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT)
    } else if copying {
      created = body.withUnsafeBytes {
        MHD_create_response_from_buffer(
          $0.count, UnsafeMutableRawPointer(mutating: $0.baseAddress), .RESPMEM_MUST_COPY)
      }
    } else {
      let box = Unmanaged.passRetained(Body(body))
      // The pointer outlives the closure. What keeps it valid: the storage of a native array does not move while the
      // box holds the array, and nothing can change it there.
      created = box.takeUnretainedValue().bytes.withUnsafeBytes {
        MHD_create_response_from_buffer_with_free_callback_cls(
          $0.count, UnsafeMutableRawPointer(mutating: $0.baseAddress),
          { Unmanaged<Body>.fromOpaque($0!).release() }, box.toOpaque())
      }
    }
    guard let created else { fatalError("no memory for an HTTP response of \(body.count) bytes") }
    handle = created
  }

  /// The body is what `stream` gives; its length is not known. The response keeps the stream.
  init(status: Int, stream: HTTPBodyStream) {
    self.status = status
    let box = Unmanaged.passRetained(stream)
    // The block counts only for clients of HTTP/1.0; others get what fits into the connection's memory.
    let created = MHD_create_response_from_callback(
      UInt64.max, 4096, httpBodyRead, box.toOpaque(), { Unmanaged<HTTPBodyStream>.fromOpaque($0!).release() })
    guard let created else { fatalError("no memory for a streamed HTTP response") }
    handle = created
  }

  deinit { MHD_destroy_response(handle) }

  func add(_ name: String, _ value: String) { _ = MHD_add_response_header(handle, name, value) }

  /// Hands the answer to a connection, which keeps it from then on.
  func queue(on connection: OpaquePointer) -> Bool {
    MHD_queue_response(connection, UInt32(status), handle) == .YES
  }
}
