/// A copy of a request's body at an address that stays while libcurl reads it.
final class PinnedBytes {
  let address: UnsafeRawPointer
  let count: Int

  init(_ bytes: [UInt8]) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
    buffer.copyBytes(from: bytes)
    address = UnsafeRawPointer(buffer.baseAddress!)
    count = bytes.count
  }

  deinit { address.deallocate() }
}
