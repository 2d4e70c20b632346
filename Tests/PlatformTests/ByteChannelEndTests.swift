import Glibc
import Platform
import TestSupport
import Testing

/// How channels over socket pairs and pipes end.
@Suite(.timeLimit(.minutes(5))) struct ByteChannelEndTests {
  @Test(arguments: ChannelEnds.Kind.allCases) func writingClosesAfterTheQueueIsEmpty(_ kind: ChannelEnds.Kind)
    async throws
  {
    Signals.ignoreBrokenPipes()
    try await LoopThread.run { on in
      let ends = try ChannelEnds(kind, on.loop)
      try ends.start()
      let bytes = ChannelEnds.random(2 << 20)
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

  @Test(arguments: ChannelEnds.Kind.allCases) func aHalfClosedPeerMayStillSend(_ kind: ChannelEnds.Kind) async throws {
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
      near.write(ChannelEnds.random(1000))
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
      let ends = try ChannelEnds(.socket, on.loop)
      ends.far.pauseReading()
      try ends.start()
      ends.near.write(ChannelEnds.random(5 << 20))
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
      near.write(ChannelEnds.random(1 << 20))
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
      let ends = try ChannelEnds(.pipes, on.loop)
      try ends.start()
      ends.near.write(ChannelEnds.random(1 << 20))
      #expect(await eventually { ends.drained == 1 && ends.farBytes.count == 1 << 20 })
      var there = try OwnedDescriptor.pipe()
      let near = ByteChannel(loop: on.loop, reading: nil, writing: there.takeSecond())
      try near.start()
      near.write(ChannelEnds.random(1 << 20))
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

  @Test(arguments: ChannelEnds.Kind.allCases) func whatAPeerLeftSurvivesAPause(_ kind: ChannelEnds.Kind) async throws {
    try await LoopThread.run { on in
      let ends = try ChannelEnds(kind, on.loop)
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

  @Test func aHandlerMayCloseTheChannel() async throws {
    try await LoopThread.run { on in
      let ends = try ChannelEnds(.socket, on.loop)
      try ends.start()
      var calls = 0
      ends.far.onBytes = { [unowned ends] _ in
        calls += 1
        ends.far.close()
        ends.far.close()
      }
      // More than one buffer, so that there would be a second call.
      ends.near.write(ChannelEnds.random(2 * EventLoop.readBufferSize))
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
}
