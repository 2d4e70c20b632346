import Glibc
import Platform
import Protocol
import TestSupport
import Testing
import Transport

/// Frames over real sockets.
@Suite(.timeLimit(.minutes(5))) struct FrameConnectionTests {
  /// A connection, the bare socket at its other end, and what the connection has told.
  final class Side {
    let connection: FrameConnection
    let far: OwnedDescriptor
    var messages: [[UInt8]] = []
    var ends: [String] = []

    init(_ loop: EventLoop, limit: Int = 1 << 20, queueLimit: Int = 1 << 20) throws {
      var pair = try UnixSocket.pair()
      connection = try FrameConnection(loop: loop, socket: pair.takeFirst(), limit: limit, queueLimit: queueLimit)
      far = pair.takeSecond()
      connection.onMessage = { [unowned self] in messages.append($0) }
      connection.onEnd = { [unowned self] in ends.append($0) }
      try connection.start()
    }

    /// Writes all of `bytes` to the far end in pieces of `size`; the loop may take a turn after each.
    func feed(_ bytes: [UInt8], by size: () -> Int, isolation: isolated LoopThread? = #isolation) async {
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + size())
        let count = bytes[start..<end].withUnsafeBytes { write(far.number, $0.baseAddress, $0.count) }
        if count > 0 { start += count }
        if count < 0 || Bool.random() { await turn() }
      }
    }

    func closeFar() { shutdown(far.number, Int32(SHUT_RDWR)) }
  }

  static let payloads: [[UInt8]] = [0, 1, 2, 3, 4, 5, 255, 256, 257, 4095, 4096, 65_535, 65_536, 65_537].map { count in
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ count) }
  }

  static func stream(_ payloads: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    for payload in payloads { Frame.append(payload, to: &bytes) }
    return bytes
  }

  @Test func framesThatComeByteByByteArriveWhole() async throws {
    try await LoopThread.run { on in
      let side = try Side(on.loop)
      let payloads = Array(Self.payloads.prefix(9))
      await side.feed(Self.stream(payloads), by: { 1 })
      #expect(await eventually { side.messages.count == payloads.count })
      #expect(side.messages == payloads && side.ends.isEmpty)
      side.closeFar()
      #expect(await eventually { !side.ends.isEmpty })
      #expect(side.ends == ["the peer closed the connection"])
      #expect(!side.connection.isOpen)
    }
  }

  @Test func framesThatComeInRandomPiecesArriveWhole() async throws {
    try await LoopThread.run { on in
      let side = try Side(on.loop)
      for round in 1...10 {
        let edges = [1, 4, 4096, 65_535, 65_536, 65_537, 300_000]
        await side.feed(Self.stream(Self.payloads), by: { edges.randomElement()! - Int.random(in: 0...1) + 1 })
        #expect(await eventually { side.messages.count == round * Self.payloads.count })
      }
      #expect(side.messages == Array(repeatElement(Self.payloads, count: 10).joined()))
    }
  }

  @Test func connectionsTalkToEachOther() async throws {
    try await LoopThread.run { on in
      var pair = try UnixSocket.pair()
      let near = try FrameConnection(loop: on.loop, socket: pair.takeFirst())
      let far = try FrameConnection(loop: on.loop, socket: pair.takeSecond())
      #expect(near.peer.pid == getpid() && near.peer.isTrusted)
      far.onMessage = { far.send($0 + [0xff]) }
      var answers: [[UInt8]] = []
      near.onMessage = { answers.append($0) }
      try near.start()
      try far.start()
      // All in one turn, more than the socket takes at once.
      for _ in 0..<20 { for payload in Self.payloads { near.send(payload) } }
      #expect(near.queuedBytes > 0)
      #expect(await eventually { answers.count == 20 * Self.payloads.count })
      #expect(answers == Array(repeatElement(Self.payloads.map { $0 + [0xff] }, count: 20).joined()))
      #expect(near.queuedBytes == 0)
      far.close()
      near.close()
    }
  }

  @Test func anOversizedFrameEndsTheConnectionWithASentence() async throws {
    try await LoopThread.run { on in
      let side = try Side(on.loop, limit: 1000)
      var bytes = Self.stream([[UInt8](repeating: 1, count: 1000)])
      bytes += [0, 0, 0x03, 0xe9]
      await side.feed(bytes, by: { bytes.count })
      #expect(await eventually { !side.ends.isEmpty })
      #expect(side.messages.map(\.count) == [1000])
      #expect(side.ends == ["a frame of 1001 bytes is over the limit of 1000 bytes"])
      #expect(!side.connection.isOpen)
    }
  }

  @Test(arguments: [(1, 3), (3, 1), (4, 10), (9, 5)])
  func aFrameThatIsCutOffEndsTheConnectionWithASentence(sent: Int, missing: Int) async throws {
    try await LoopThread.run { on in
      let side = try Side(on.loop)
      let frame = Self.stream([[UInt8](repeating: 7, count: 10)])
      await side.feed(Array(frame.prefix(sent)), by: { sent })
      side.closeFar()
      #expect(await eventually { !side.ends.isEmpty })
      #expect(
        side.ends == [
          "the peer closed the connection: the stream ended \(missing) bytes before the end of a frame"
        ])
      #expect(side.messages.isEmpty)
    }
  }

  @Test func aPeerThatDoesNotReadIsGivenUp() async throws {
    try await LoopThread.run { on in
      let side = try Side(on.loop, queueLimit: 3 << 20)
      let payload = [UInt8](repeating: 1, count: 1 << 20)
      for _ in 0..<20 where side.connection.isOpen {
        side.connection.send(payload)
        await turn()
        #expect(side.connection.queuedBytes <= 3 << 20)
      }
      #expect(!side.connection.isOpen && side.connection.queuedBytes == 0)
      #expect(side.ends.count == 1)
      let sentence = side.ends.first ?? ""
      #expect(sentence.hasPrefix("the peer (pid \(getpid())) does not read: ") && sentence.hasSuffix(" bytes wait"))
      side.connection.send(payload)
      #expect(side.connection.queuedBytes == 0)
    }
  }

  @Test func noHandlerIsCalledAfterClose() async throws {
    try await LoopThread.run { on in
      let side = try Side(on.loop)
      // Closes in the middle of a chunk with three frames.
      side.connection.onMessage = { [unowned side] in
        side.messages.append($0)
        if side.messages.count == 2 { side.connection.close() }
      }
      let bytes = Self.stream([[1], [2], [3]])
      await side.feed(bytes, by: { bytes.count })
      #expect(await eventually { !side.connection.isOpen })
      await turn()
      #expect(side.messages == [[1], [2]] && side.ends.isEmpty)
      side.connection.close()
      side.connection.send([4])
      side.connection.flush()
      await turn()
      #expect(side.ends.isEmpty)
      var byte: UInt8 = 0
      #expect(read(side.far.number, &byte, 1) <= 0)
    }
  }

  @Test func whatIsFlushedBeforeCloseArrives() async throws {
    try await LoopThread.run { on in
      let side = try Side(on.loop)
      side.connection.send(Array("bye".utf8))
      side.connection.flush()
      side.connection.close()
      var bytes = [UInt8](repeating: 0, count: 16)
      #expect(read(side.far.number, &bytes, 16) == 7)
      #expect(Array(bytes.prefix(7)) == [0, 0, 0, 3] + Array("bye".utf8))
    }
  }

  /// The answer of a worker that exits must not be lost because we were sending it something.
  @Test func theLastFrameOfADyingPeerArrives() async throws {
    try await LoopThread.run { on in
      var pair = try UnixSocket.pair()
      let near = try FrameConnection(loop: on.loop, socket: pair.takeFirst())
      var log: [String] = []
      near.onMessage = { log.append(String(decoding: $0, as: UTF8.self)) }
      near.onEnd = { log.append($0) }
      try near.start()
      let far = pair.takeSecond().release()
      let frame = Self.stream([Array("answer".utf8)])
      #expect(write(far, frame, frame.count) == frame.count)
      close(far)
      near.send(Array("another request".utf8))
      near.flush()
      #expect(await eventually { log.count == 2 })
      #expect(log == ["answer", "the peer closed the connection"])
    }
  }
}

/// Lets the loop that the caller runs on take a turn.
func turn(isolation: isolated LoopThread? = #isolation) async {
  guard let loop = isolation?.loop else { return }
  await withCheckedContinuation { continuation in loop.schedule(after: .zero) { continuation.resume() } }
}
