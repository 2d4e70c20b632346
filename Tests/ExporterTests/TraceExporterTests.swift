import HTTPClient
import Platform
import Protocol
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Exporter

@Suite(.timeLimit(.minutes(1))) struct TraceExporterTests {
  /// A collector that answers what it is told, when it is told.
  private final class Transport: CollectorTransport {
    var messages: [[UInt8]] = []
    var timeouts: [Duration] = []
    var isClosed = false
    private var completions: [(Result<HTTPAnswer, HTTPFailure>) -> Void] = []

    func send(
      _ message: [UInt8], within timeout: Duration, _ completion: @escaping (Result<HTTPAnswer, HTTPFailure>) -> Void
    ) {
      messages.append(message)
      timeouts.append(timeout)
      completions.append(completion)
    }

    func close() { isClosed = true }

    var isWaiting: Bool { !completions.isEmpty }

    func answer(_ status: Int) throws {
      let url = try #require(HTTPURL("http://127.0.0.1:4317/"))
      let head = HTTPResponseHead(status: 200, fields: [], url: url)
      completions.removeFirst()(
        .success(HTTPAnswer(head: head, body: [], trailers: [HTTPField("grpc-status", "\(status)")])))
    }
  }

  private final class Records: LogDestination {
    private let records = Mutex<[LogRecord]>([])
    func submit(_ record: LogRecord) { records.withLock { $0.append(record) } }
    var messages: [String] { records.withLock { $0.map { "\($0.level.name) \($0.message)" } } }
  }

  private struct World {
    let exporter: TraceExporter
    let transport = Transport()
    let records = Records()

    init(_ loop: EventLoop, _ change: (inout ExporterSettings) -> Void = { _ in }) throws {
      var settings = ExporterSettings(url: try #require(HTTPURL("http://127.0.0.1:4317")))
      settings.scheduleDelay = .milliseconds(20)
      change(&settings)
      exporter = TraceExporter(
        loop: loop, settings: settings, instance: [], transport: transport, log: Logger("test", to: records))
    }

    func record(_ count: Int = 1) {
      var random = BufferedRandom()
      for _ in 0..<count {
        exporter.record(
          Span(
            name: "n", kind: .server, context: .generate(using: &random), isParentRemote: false, start: 1, end: 2))
      }
    }

    /// Spans of a message, by what surrounds them.
    func spans(_ message: [UInt8]) throws -> Int {
      func messages(_ field: Int, in bytes: ArraySlice<UInt8>) throws -> [ArraySlice<UInt8>] {
        var reader = ProtobufReader(bytes)
        var found: [ArraySlice<UInt8>] = []
        while let (number, value) = try reader.next() {
          if case .bytes(let bytes) = value, number == field { found.append(bytes) }
        }
        return found
      }
      let resource = try #require(messages(1, in: message[...]).first)
      let scope = try #require(messages(2, in: resource).first)
      return try messages(2, in: scope).count
    }
  }

  @Test("spans leave together after the delay, or at once when a batch is full; one request at a time")
  func batches() async throws {
    try await LoopThread.run { thread in
      let world = try World(thread.loop) { ($0.batchSize, $0.queueSize) = (3, 8) }
      world.record(2)
      #expect(world.transport.messages.isEmpty)
      #expect(await eventually { world.transport.isWaiting })
      #expect(try world.spans(world.transport.messages[0]) == 2)
      world.record(9)
      try world.transport.answer(0)
      #expect(await eventually { world.transport.messages.count == 2 })
      #expect(try world.spans(world.transport.messages[1]) == 3)
      try world.transport.answer(0)
      #expect(await eventually { world.transport.messages.count == 3 })
      try world.transport.answer(0)
      #expect(await eventually { world.transport.messages.count == 4 })
      #expect(try world.spans(world.transport.messages[3]) == 2)
      try world.transport.answer(0)
      #expect(world.records.messages == ["WARN spans were dropped, the queue was full"])
    }
  }

  @Test("the end waits for the last batch, and not longer than it may")
  func flush() async throws {
    try await LoopThread.run { thread in
      let world = try World(thread.loop) { $0.scheduleDelay = .seconds(3600) }
      world.record(2)
      var isFlushed = false
      world.exporter.flush(within: .seconds(30)) { isFlushed = true }
      #expect(await eventually { world.transport.isWaiting })
      #expect(!isFlushed)
      try world.transport.answer(0)
      #expect(isFlushed && world.transport.isClosed && world.records.messages.isEmpty)
      world.record(1)
      #expect(world.transport.messages.count == 1)

      let silent = try World(thread.loop) { $0.scheduleDelay = .seconds(3600) }
      silent.record(2)
      let began = MonotonicTime.now
      await withCheckedContinuation { continuation in
        silent.exporter.flush(within: .milliseconds(50)) { continuation.resume() }
      }
      #expect(MonotonicTime.now - began >= .milliseconds(50))
      #expect(silent.transport.timeouts.allSatisfy { $0 <= .milliseconds(50) })
      #expect(silent.transport.isClosed && silent.records.messages == ["WARN spans were lost"])

      let idle = try World(thread.loop)
      isFlushed = false
      idle.exporter.flush(within: .seconds(30)) { isFlushed = true }
      #expect(isFlushed && idle.transport.messages.isEmpty)
    }
  }

  @Test("an outage is one warning, and its batch is sent again")
  func outage() async throws {
    try await LoopThread.run { thread in
      let world = try World(thread.loop)
      world.record(2)
      #expect(await eventually { world.transport.isWaiting })
      try world.transport.answer(14)
      world.record(1)
      // The first pause is about a second.
      #expect(await eventually { world.transport.isWaiting })
      #expect(world.transport.messages[1] == world.transport.messages[0])
      try world.transport.answer(0)
      #expect(await eventually { world.transport.isWaiting })
      #expect(try world.spans(world.transport.messages[2]) == 1)
      #expect(world.records.messages == ["WARN traces cannot be exported", "INFO traces are exported again"])
    }
  }
}
