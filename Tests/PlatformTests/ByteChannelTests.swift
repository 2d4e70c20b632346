import Glibc
import Platform
import TestSupport
import Testing

/// Channels over socket pairs and pipes.
@Suite(.timeLimit(.minutes(5))) struct ByteChannelTests {
  enum Kind: CaseIterable { case socket, pipes }

  /// Two channels that are connected with each other, and what each has received.
  final class Ends {
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

  @Test(arguments: Kind.allCases) func randomChunksArriveInOrder(_ kind: Kind) async throws {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      let ends = try Ends(kind, on.loop)
      try ends.start()
      var sent: [UInt8] = []
      let edges = [1, 2, 4095, 4096, 4097, 65_535, 65_536, 65_537, EventLoop.readBufferSize, 300_000]
      for round in 0..<200 {
        let chunk = Self.random(round % 7 == 0 ? edges.randomElement()! : Int.random(in: 0...500))
        sent.append(contentsOf: chunk)
        ends.near.write(chunk)
        if round % 3 == 0 { await turns(1) }
      }
      #expect(await eventually { ends.farBytes.count >= sent.count })
      #expect(ends.farBytes == sent)
      #expect(ends.near.queuedBytes == 0)
      #expect(ends.nearEnd.isEmpty && ends.farEnd.isEmpty && ends.nearBytes.isEmpty)
    }
  }

  @Test(arguments: Kind.allCases) func aPeerThatDoesNotReadIsWaitedFor(_ kind: Kind) async throws {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      let ends = try Ends(kind, on.loop)
      ends.far.pauseReading()
      try ends.start()
      let bytes = Self.random(3 << 20)
      ends.near.write(bytes)
      await turns(3)
      #expect(ends.near.queuedBytes > 1 << 20 && ends.near.queuedBytes < bytes.count)
      #expect(ends.drained == 0 && ends.farBytes.isEmpty)
      let waiting = ends.near.queuedBytes
      ends.near.write(bytes)
      await turns(3)
      #expect(ends.near.queuedBytes == waiting + bytes.count)
      ends.far.resumeReading()
      #expect(await eventually { ends.farBytes.count >= 2 * bytes.count })
      await turns(3)
      #expect(ends.farBytes == bytes + bytes)
      #expect(ends.near.queuedBytes == 0)
      #expect(ends.drained == 1)
    }
  }

  /// The queue's memory must follow `queuedBytes` even when the queue is never empty.
  @Test func aSlowPeerDoesNotMakeTheQueueGrow() async throws {
    try await LoopThread.run { on in
      var pair = try UnixSocket.pair()
      let channel = ByteChannel(loop: on.loop, socket: pair.takeFirst())
      let far = pair.takeSecond()
      try channel.start()
      channel.write(Self.random(1 << 20))
      var largest = 0
      var buffer = [UInt8](repeating: 0, count: 1 << 20)
      for _ in 0..<200 {
        await turns(1)
        let count = read(far.number, &buffer, buffer.count)
        #expect(count > 0)
        channel.write { queue in
          largest = max(largest, queue.count)
          queue.append(contentsOf: buffer[..<count])
        }
        #expect(channel.queuedBytes > 0)
      }
      #expect(largest < 4 << 20)
      channel.close()
    }
  }

  @Test(arguments: Kind.allCases) func writingClosesAfterTheQueueIsEmpty(_ kind: Kind) async throws {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      let ends = try Ends(kind, on.loop)
      try ends.start()
      let bytes = Self.random(2 << 20)
      ends.near.write(bytes)
      ends.near.closeWriting()
      ends.near.write([1, 2, 3])
      #expect(await eventually { !ends.farEnd.isEmpty })
      #expect(ends.farBytes == bytes, "what is written after closeWriting is ignored")
      #expect(ends.farEnd == [.endOfFile])
      #expect(!ends.far.isOpen)
      // The far end has closed both directions in answer.
      #expect(await eventually { !ends.nearEnd.isEmpty })
      #expect(ends.nearEnd == [.endOfFile])
    }
  }

  @Test(arguments: Kind.allCases) func aHalfClosedPeerMayStillSend(_ kind: Kind) async throws {
    try await LoopThread.run { on in
      var near: ByteChannel
      let numbers: (reading: Int32, writing: Int32)
      switch kind {
      case .socket:
        var pair = try UnixSocket.pair()
        near = ByteChannel(loop: on.loop, socket: pair.takeFirst())
        let far = pair.takeSecond().release()
        numbers = (far, far)
      case .pipes:
        var there = try OwnedDescriptor.pipe()
        var back = try OwnedDescriptor.pipe()
        near = ByteChannel(loop: on.loop, reading: back.takeFirst(), writing: there.takeSecond())
        numbers = (there.takeFirst().release(), back.takeSecond().release())
      }
      var received: [UInt8] = []
      var end: ChannelEnd?
      near.onBytes = { received.append(contentsOf: $0) }
      near.onEnd = { end = $0 }
      try near.start()
      near.write([1])
      near.closeWriting()
      await turns(2)
      var buffer = [UInt8](repeating: 0, count: 8)
      #expect(read(numbers.reading, &buffer, 8) == 1)
      #expect(read(numbers.reading, &buffer, 8) == 0, "end of file, since writing is closed")
      #expect(write(numbers.writing, "late", 4) == 4)
      #expect(await eventually { received == Array("late".utf8) })
      #expect(end == nil && near.isOpen)
      close(numbers.reading)
      if numbers.writing != numbers.reading { close(numbers.writing) }
      #expect(await eventually { end == .endOfFile })
    }
  }

  /// What a peer sent before it died must be delivered, also when we notice its death by a failed write.
  @Test func theLastWordsOfAPeerThatDiesDuringOurWriteArrive() async throws {
    try await LoopThread.run { on in
      var pair = try UnixSocket.pair()
      let near = ByteChannel(loop: on.loop, socket: pair.takeFirst())
      var log: [String] = []
      near.onBytes = { log.append(String(decoding: $0, as: UTF8.self)) }
      near.onEnd = { _ in log.append("end") }
      try near.start()
      let far = pair.takeSecond().release()
      #expect(write(far, "last words", 10) == 10)
      close(far)
      // Written in this turn, before the loop could see that there is something to read.
      near.write(Self.random(1000))
      near.flush()
      near.write([1])
      #expect(near.queuedBytes == 0)
      #expect(await eventually { log.contains("end") })
      #expect(log == ["last words", "end"])
      #expect(!near.isOpen)
    }
  }

  @Test func aPeerThatDiesWithALongQueueEndsTheChannel() async throws {
    try await LoopThread.run { on in
      let ends = try Ends(.socket, on.loop)
      ends.far.pauseReading()
      try ends.start()
      ends.near.write(Self.random(5 << 20))
      await turns(2)
      #expect(ends.near.queuedBytes > 0)
      ends.far.close()
      #expect(await eventually { !ends.nearEnd.isEmpty })
      await turns(2)
      #expect(ends.nearEnd.count == 1)
      #expect(ends.near.queuedBytes == 0 && !ends.near.isOpen && ends.drained == 0)
      #expect(ends.farEnd.isEmpty, "nobody is told of an end that he made")
    }
  }

  /// A child that closes its stdin goes on living and writing.
  @Test func aPipeThatNobodyReadsEndsWritingOnly() async throws {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      var there = try OwnedDescriptor.pipe()
      var back = try OwnedDescriptor.pipe()
      let near = ByteChannel(loop: on.loop, reading: back.takeFirst(), writing: there.takeSecond())
      let farWriting = back.takeSecond()
      var received: [UInt8] = []
      var end: ChannelEnd?
      near.onBytes = { received.append(contentsOf: $0) }
      near.onEnd = { end = $0 }
      var broken = 0
      near.onWritingBroken = { broken += 1 }
      try near.start()
      near.write(Self.random(1 << 20))
      await turns(2)
      #expect(near.queuedBytes > 0)
      let farReading = there.takeFirst().release()
      close(farReading)
      #expect(await eventually { near.queuedBytes == 0 })
      near.write([1, 2, 3])
      await turns(1)
      #expect(near.queuedBytes == 0 && near.isOpen && end == nil && broken == 1)
      #expect(write(farWriting.number, "x", 1) == 1)
      #expect(await eventually { received == [UInt8(ascii: "x")] })
      near.close()
    }
  }

  /// The queue was full once, so the pipe was watched; a reader that goes later must not keep the loop busy.
  @Test func anIdlePipeThatNobodyReadsCostsNothing() async throws {
    Signals.ignoreBrokenPipes()
    let used = try await LoopThread.run { on in
      let ends = try Ends(.pipes, on.loop)
      try ends.start()
      ends.near.write(Self.random(1 << 20))
      #expect(await eventually { ends.drained == 1 && ends.farBytes.count == 1 << 20 })
      var there = try OwnedDescriptor.pipe()
      let near = ByteChannel(loop: on.loop, reading: nil, writing: there.takeSecond())
      try near.start()
      near.write(Self.random(1 << 20))
      await turns(2)
      let farReading = there.takeFirst().release()
      var buffer = [UInt8](repeating: 0, count: 1 << 20)
      while near.queuedBytes > 0 {
        #expect(read(farReading, &buffer, buffer.count) > 0)
        await turns(1)
      }
      close(farReading)
      return await cpuOfIdleLoop()
    }
    #expect(used < .milliseconds(60))
  }

  @Test(arguments: Kind.allCases) func whatAPeerLeftSurvivesAPause(_ kind: Kind) async throws {
    try await LoopThread.run { on in
      let ends = try Ends(kind, on.loop)
      ends.near.pauseReading()
      try ends.start()
      ends.far.write(Array("left behind".utf8))
      await turns(2)
      ends.far.close()
      let used = await cpuOfIdleLoop()
      #expect(used < .milliseconds(60), "a hang-up during a pause must not spin")
      #expect(ends.nearBytes.isEmpty && ends.nearEnd.isEmpty)
      ends.near.resumeReading()
      #expect(await eventually { !ends.nearEnd.isEmpty })
      #expect(ends.nearBytes == Array("left behind".utf8))
      #expect(ends.nearEnd == [.endOfFile])
    }
  }

  @Test(arguments: Kind.allCases) func pausesLoseNothing(_ kind: Kind) async throws {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      let ends = try Ends(kind, on.loop)
      try ends.start()
      let bytes = Self.random(4 << 20)
      ends.near.write(bytes)
      var received: [UInt8] = []
      ends.far.onBytes = { [unowned ends] in
        received.append(contentsOf: $0)
        if Bool.random() {
          ends.far.pauseReading()
          on.loop.schedule(after: .zero) { ends.far.resumeReading() }
        }
      }
      #expect(await eventually { received.count >= bytes.count })
      #expect(received == bytes)
    }
  }

  @Test func aHandlerMayCloseTheChannel() async throws {
    try await LoopThread.run { on in
      let ends = try Ends(.socket, on.loop)
      try ends.start()
      var calls = 0
      ends.far.onBytes = { [unowned ends] _ in
        calls += 1
        ends.far.close()
        ends.far.close()
      }
      // More than one buffer, so that there would be a second call.
      ends.near.write(Self.random(2 * EventLoop.readBufferSize))
      #expect(await eventually { !ends.nearEnd.isEmpty })
      await turns(2)
      #expect(calls == 1)
      #expect(ends.farEnd.isEmpty)
      #expect(!ends.far.isOpen)
    }
  }

  /// The last reference to the owner of a channel may be in one of its handlers.
  @Test func closingMayReleaseAnOwnerThatClosesAgain() async throws {
    final class Owner {
      let channel: ByteChannel
      init(_ channel: ByteChannel) { self.channel = channel }
      deinit { channel.close() }
    }
    try await LoopThread.run { on in
      var pair = try UnixSocket.pair()
      let channel = ByteChannel(loop: on.loop, socket: pair.takeFirst())
      weak var released: Owner?
      do {
        let owner = Owner(channel)
        released = owner
        channel.onBytes = { _ in _ = owner }
        channel.onEnd = { _ in _ = owner }
      }
      try channel.start()
      channel.close()
      #expect(released == nil)
    }
  }

  @Test func whatWasWrittenBeforeStartIsSent() async throws {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      for kind in Kind.allCases {
        let ends = try Ends(kind, on.loop)
        let bytes = Self.random(3 << 20)
        ends.near.write(bytes)
        await turns(2)
        try ends.start()
        #expect(await eventually { ends.farBytes.count >= bytes.count }, "\(kind)")
        #expect(ends.farBytes == bytes)
      }
    }
  }

  @Test(arguments: Kind.allCases) func sixtyFourMebibytesGoBothWaysAtOnce(_ kind: Kind) async throws {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      let ends = try Ends(kind, on.loop)
      try ends.start()
      let bytes = Self.random(1 << 20)
      let total = 64 << 20
      var counts = [0, 0]
      var areEqual = true
      // Compares as it arrives: the stream repeats `bytes`.
      func take(_ side: Int, _ piece: UnsafeRawBufferPointer) {
        var piece = piece[...]
        while !piece.isEmpty {
          let place = counts[side] % bytes.count
          let count = min(piece.count, bytes.count - place)
          let start = piece.base.baseAddress! + piece.startIndex
          let isSame = bytes.withUnsafeBytes { memcmp($0.baseAddress! + place, start, count) == 0 }
          areEqual = areEqual && isSame
          counts[side] += count
          piece = piece.dropFirst(count)
        }
      }
      ends.near.onBytes = { take(0, $0) }
      ends.far.onBytes = { take(1, $0) }
      for _ in 0..<(total / bytes.count) {
        ends.near.write(bytes)
        ends.far.write(bytes)
      }
      #expect(await eventually(within: .seconds(30)) { counts == [total, total] })
      #expect(areEqual)
      #expect(ends.near.queuedBytes == 0 && ends.far.queuedBytes == 0)
    }
  }
}
