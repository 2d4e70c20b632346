import CCurl
import Glibc
import Protocol

// What libcurl calls, on the loop's thread. The context of an exchange's callbacks is the `HTTPTransfer`, which the
// engine keeps alive as long as its handle; that of sockets is the `CurlEngine`.

private func transfer(_ context: UnsafeMutableRawPointer?) -> HTTPTransfer {
  Unmanaged<HTTPTransfer>.fromOpaque(context!).takeUnretainedValue()
}

private func engine(_ context: UnsafeMutableRawPointer?) -> CurlEngine {
  Unmanaged<CurlEngine>.fromOpaque(context!).takeUnretainedValue()
}

/// Another count than that of the bytes ends the transfer.
nonisolated func curlReceivesHeader(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
  return transfer(context).received(header: line) ? line.count : -1
}

nonisolated func curlReceivesBody(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
  switch transfer(context).received(body: piece) {
  case .taken: return piece.count
  case .held: return Int(CURL_WRITEFUNC_PAUSE)
  case .refused: return -1
  }
}

/// A connection is ready, new or used before, and the request is to be written now.
nonisolated func curlSendsRequest(
  _ context: UnsafeMutableRawPointer?, _ peer: UnsafeMutablePointer<CChar>?, _ own: UnsafeMutablePointer<CChar>?,
  _ peerPort: Int32, _ ownPort: Int32
) -> Int32 {
  let address = peer.map { String(cString: $0) } ?? ""
  return transfer(context).mayWrite(to: IPLiteral(address), from: Int(ownPort))
    ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

nonisolated func curlSendsBody(
  _ context: UnsafeMutableRawPointer?, _ downloadTotal: curl_off_t, _ downloaded: curl_off_t,
  _ uploadTotal: curl_off_t, _ uploaded: curl_off_t
) -> Int32 {
  transfer(context).uploaded(Int(uploaded))
  return 0
}

nonisolated func curlOpensSocket(
  _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let address else { return CURL_SOCKET_BAD }
  // `sockaddr` is a stand-in: the library allocates as much as the family needs.
  let storage = UnsafeRawPointer(address) + MemoryLayout<curl_sockaddr>.offset(of: \.addr)!
  let bytes: [UInt8] =
    switch address.pointee.family {
    case AF_INET: Array(UnsafeRawBufferPointer(start: storage + 4, count: 4))
    case AF_INET6: Array(UnsafeRawBufferPointer(start: storage + 8, count: 16))
    default: []
    }
  let transfer = transfer(context)
  guard let literal = IPLiteral(bytes: bytes), transfer.mayConnect(to: literal) else { return CURL_SOCKET_BAD }
  let number = socket(
    address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
  if number >= 0 { transfer.engine?.opened(number) }
  return number
}

nonisolated func curlClosesSocket(_ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t) -> Int32 {
  engine(context).closes(socket)
  return close(socket)
}

nonisolated func curlWatchesSocket(
  _ easy: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ wish: Int32, _ context: UnsafeMutableRawPointer?,
  _ socketContext: UnsafeMutableRawPointer?
) -> Int32 {
  engine(context).watch(socket, wish)
  return 0
}

nonisolated func curlSetsTimer(
  _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?
) -> Int32 {
  engine(context).setTimer(milliseconds: milliseconds)
  return 0
}
