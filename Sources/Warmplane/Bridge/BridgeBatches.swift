import Protocol

/// The batches of a client of revision 2025-03-26, the only one that has them: their answers leave together, as one array
/// (JSON-RPC 2.0 §6). Pure.
struct BridgeBatches {
  /// Messages of one batch; more are refused, and nothing of them is done.
  static let mostMessages = 1024
  /// Bytes of answers that wait, of all batches. Beyond it a batch gives out what it has and waits no longer.
  static let mostBytes = Frame.maximumLength

  /// What a line is that begins like a batch.
  enum Line {
    case messages([JSONSlice])
    /// No batch; the answer to it.
    case refused([UInt8])
  }

  private struct Batch {
    var answers: [[UInt8]] = []
    var bytes = 0
    /// Requests without an answer.
    var waiting: Int

    mutating func add(_ answer: [UInt8]) {
      answers.append(answer)
      bytes += answer.count + 1
    }
  }

  private var batches: [Int: Batch] = [:]
  private var lastBatch = 0
  /// The batch of each request that is unanswered.
  private var owners: [RequestID: Int] = [:]
  private var heldBytes = 0

  /// Reads a line; nil when it is no array of JSON.
  static func read(_ line: [UInt8]) -> Line? {
    guard line.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "["),
      let array = try? JSONSlice(validating: line, limits: .message)
    else { return nil }
    let messages = Array(array.elements.prefix(mostMessages + 1))
    func refuse(_ text: String) -> Line {
      .refused(JSONRPCWriter.error(id: nil, code: MCPErrorCode.invalidRequest, message: text))
    }
    if messages.isEmpty { return refuse("The batch is empty") }
    if messages.count > mostMessages { return refuse("The batch has more than \(mostMessages) messages") }
    return .messages(messages)
  }

  /// Takes a batch: the ids of its requests, which differ from each other, and the answers that it has already. Returns
  /// what is to be written, as do the others.
  mutating func open(_ ids: [RequestID], answers: [[UInt8]]) -> [[UInt8]] {
    var batch = Batch(waiting: ids.count)
    for answer in answers { batch.add(answer) }
    lastBatch += 1
    for id in ids { owners[id] = lastBatch }
    return put(batch, lastBatch)
  }

  /// Whether an unanswered request of a batch has this id.
  func isWaiting(_ id: RequestID) -> Bool { owners[id] != nil }

  /// Takes the answer to a request, of a batch or not.
  mutating func answer(_ id: RequestID, _ message: [UInt8]) -> [[UInt8]] {
    guard let number = owners.removeValue(forKey: id), var batch = take(number) else { return [message] }
    batch.waiting -= 1
    if heldBytes + batch.bytes + message.count > Self.mostBytes {
      // What is still missing goes alone, as this does.
      owners = owners.filter { $0.value != number }
      return Self.array(of: batch) + [message]
    }
    batch.add(message)
    return put(batch, number)
  }

  /// The request is cancelled: it gets no answer.
  mutating func drop(_ id: RequestID) -> [[UInt8]] {
    guard let number = owners.removeValue(forKey: id), var batch = take(number) else { return [] }
    batch.waiting -= 1
    return put(batch, number)
  }

  /// What waits, at the end of everything.
  mutating func flush() -> [[UInt8]] {
    let rest = batches.sorted { $0.key < $1.key }.flatMap { Self.array(of: $0.value) }
    self = BridgeBatches()
    return rest
  }

  private mutating func take(_ number: Int) -> Batch? {
    guard let batch = batches.removeValue(forKey: number) else { return nil }
    heldBytes -= batch.bytes
    return batch
  }

  private mutating func put(_ batch: Batch, _ number: Int) -> [[UInt8]] {
    if batch.waiting == 0 { return Self.array(of: batch) }
    batches[number] = batch
    heldBytes += batch.bytes
    return []
  }

  /// The answers as one array; nothing for a batch of notifications.
  private static func array(of batch: Batch) -> [[UInt8]] {
    if batch.answers.isEmpty { return [] }
    var text: [UInt8] = []
    text.reserveCapacity(batch.bytes + 1)
    for answer in batch.answers {
      text.append(UInt8(ascii: text.isEmpty ? "[" : ","))
      text += answer
    }
    text.append(UInt8(ascii: "]"))
    return [text]
  }
}
