import Glibc
import Platform
import TestSupport
import Testing

/// What channels over socket pairs and pipes carry.
@Suite(.timeLimit(.minutes(5))) struct ByteChannelTests {
  @Test(arguments: ChannelEnds.Kind.allCases) func randomChunksArriveInOrder(_ kind: ChannelEnds.Kind) async throws {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      let ends = try ChannelEnds(kind, on.loop)
      try ends.start()
      var sent: [UInt8] = []
      let edges = [1, 2, 4095, 4096, 4097, 65_535, 65_536, 65_537, EventLoop.readBufferSize, 300_000]
      for round in 0..<200 {
        let chunk = ChannelEnds.random(round % 7 == 0 ? edges.randomElement()! : Int.random(in: 0...500))
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

  @Test(arguments: ChannelEnds.Kind.allCases) func aPeerThatDoesNotReadIsWaitedFor(_ kind: ChannelEnds.Kind)
    async throws
  {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      let ends = try ChannelEnds(kind, on.loop)
      ends.far.pauseReading()
      try ends.start()
      let bytes = ChannelEnds.random(3 << 20)
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
      channel.write(ChannelEnds.random(1 << 20))
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

  @Test(arguments: ChannelEnds.Kind.allCases) func pausesLoseNothing(_ kind: ChannelEnds.Kind) async throws {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      let ends = try ChannelEnds(kind, on.loop)
      try ends.start()
      let bytes = ChannelEnds.random(4 << 20)
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

  @Test func whatWasWrittenBeforeStartIsSent() async throws {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      for kind in ChannelEnds.Kind.allCases {
        let ends = try ChannelEnds(kind, on.loop)
        let bytes = ChannelEnds.random(3 << 20)
        ends.near.write(bytes)
        await turns(2)
        try ends.start()
        #expect(await eventually { ends.farBytes.count >= bytes.count }, "\(kind)")
        #expect(ends.farBytes == bytes)
      }
    }
  }

  @Test(arguments: ChannelEnds.Kind.allCases) func sixtyFourMebibytesGoBothWaysAtOnce(_ kind: ChannelEnds.Kind)
    async throws
  {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      let ends = try ChannelEnds(kind, on.loop)
      try ends.start()
      let bytes = ChannelEnds.random(1 << 20)
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
