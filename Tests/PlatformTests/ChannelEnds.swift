import Platform

/// Two channels that are connected with each other, and what each has received.
final class ChannelEnds {
  /// What connects them.
  enum Kind: CaseIterable { case socket, pipes }

  let near: ByteChannel
  let far: ByteChannel
  var nearBytes: [UInt8] = []
  var farBytes: [UInt8] = []
  var nearEnd: [ChannelEnd] = []
  var farEnd: [ChannelEnd] = []
  var drained = 0

  init(_ kind: Kind, _ loop: EventLoop) throws(SystemError) {
    switch kind {
    case .socket:
      var pair = try UnixSocket.pair()
      near = ByteChannel(loop: loop, socket: pair.takeFirst())
      far = ByteChannel(loop: loop, socket: pair.takeSecond())
    case .pipes:
      var there = try OwnedDescriptor.pipe()
      var back = try OwnedDescriptor.pipe()
      near = ByteChannel(loop: loop, reading: back.takeFirst(), writing: there.takeSecond())
      far = ByteChannel(loop: loop, reading: there.takeFirst(), writing: back.takeSecond())
    }
    near.onBytes = { [unowned self] in nearBytes.append(contentsOf: $0) }
    far.onBytes = { [unowned self] in farBytes.append(contentsOf: $0) }
    near.onEnd = { [unowned self] in nearEnd.append($0) }
    far.onEnd = { [unowned self] in farEnd.append($0) }
    near.onDrained = { [unowned self] in drained += 1 }
  }

  func start() throws(SystemError) {
    try near.start()
    try far.start()
  }

  /// Bytes without a pattern; splitmix64, because the system's generator costs a call per number.
  static func random(_ count: Int) -> [UInt8] {
    var state = UInt64.random(in: 0 ... .max)
    return [UInt8](unsafeUninitializedCapacity: count + 8) { buffer, initialized in
      for start in stride(from: 0, to: count, by: 8) {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        UnsafeMutableRawBufferPointer(buffer).storeBytes(
          of: mixed ^ (mixed >> 31), toByteOffset: start, as: UInt64.self)
      }
      initialized = count
    }
  }
}
