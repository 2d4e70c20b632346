import Protocol
import Telemetry

/// What was noted before a reader of the log came, oldest first: the records in the log files, of earlier daemons too,
/// and those of the ring that are not in them. Made and read on a thread that may block.
struct LogBacklog: Sendable {
  /// About the size of one answer of `frames()`, in bytes.
  private static let pieceBytes = 256 * 1024
  /// What is told of a line that is no record, in bytes.
  private static let longestWords = 2048

  private let server: String?
  private var file: LogFileReader?
  private var records: ArraySlice<LogRecord>
  /// Hashes of the lines that the ring has as records: they must not come twice.
  private var known: Set<Int> = []
  /// When the last record was noted.
  private var time: String?
  /// The number of the record that comes next, for followers.
  let next: UInt64

  /// `path`: of the log file. `server`: only records about it.
  init(path: String?, ring: LogRing, server: String?) {
    self.server = server
    // Before the ring: it gets a record before the file does, so nothing in the file is missing here or too new.
    file = path.map { LogFileReader(path: $0) }
    let batch = ring.records()
    records = batch.records[...]
    next = batch.next
    guard file != nil else { return }
    for record in batch.records {
      var writer = JSONWriter(reserving: 512)
      record.write(to: &writer)
      known.insert(Self.hash(writer.finish()))
    }
  }

  /// More frames; none when there is nothing more.
  mutating func frames() -> [[UInt8]] {
    var frames: [[UInt8]] = []
    var bytes = 0
    func add(_ frame: [UInt8]?) {
      guard let frame else { return }
      frames.append(frame)
      bytes += frame.count
    }
    while bytes < Self.pieceBytes {
      if let lines = file?.lines() {
        for line in lines { add(frame(ofLine: line)) }
      } else {
        file = nil
        known = []
        guard let record = records.popFirst() else { break }
        if record.isAbout(server) { add(LogStream.frame { record.write(to: &$0) }) }
      }
    }
    return frames
  }

  private mutating func frame(ofLine line: [UInt8]) -> [UInt8]? {
    guard !known.contains(Self.hash(line)) else { return nil }
    guard line.first == UInt8(ascii: "{") else { return server == nil ? frame(ofWords: line) : nil }
    // A disk that was full leaves the beginnings of records.
    guard let record = try? JSONSlice(validating: line), record.kind == .object else { return nil }
    time = record.member("timestamp")?.string ?? time
    if let server, record.member("fields")?.member("server_id")?.string != server { return nil }
    return LogStream.frame { $0.splice(record) }
  }

  /// The last words of a daemon that crashed, and whatever else came to its standard error: as a record, because `logs`
  /// prints nothing else. Its time is that of the record before it.
  private func frame(ofWords line: [UInt8]) -> [UInt8]? {
    guard line.contains(where: { $0 > 0x20 }) else { return nil }
    return LogStream.frame { writer in
      writer.beginObject()
      if let time { writer.member("timestamp", time) }
      writer.member("level", LogLevel.warn.name)
      writer.key("fields")
      writer.beginObject()
      writer.member("message", "daemon stderr")
      writer.member("line", String(decoding: line.prefix(Self.longestWords), as: UTF8.self))
      writer.endObject()
      writer.member("target", "warmplane::daemon")
      writer.endObject()
    }
  }

  /// Seeded by chance in every process, so that nobody can write a line that hides another.
  private static func hash(_ line: [UInt8]) -> Int {
    var hasher = Hasher()
    line.withUnsafeBytes { hasher.combine(bytes: $0) }
    return hasher.finalize()
  }
}
