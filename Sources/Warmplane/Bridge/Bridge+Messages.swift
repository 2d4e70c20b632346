import Glibc
import Platform
import Protocol

/// What is done with the messages of the client and of the daemon.
extension Bridge {
  // MARK: Client

  func take(_ line: LineDecoder.Line) {
    guard case .line(let line) = line else {
      let text = "The message is longer than \(Frame.maximumLength) bytes"
      return write(JSONRPCWriter.error(id: nil, code: MCPErrorCode.invalidRequest, message: text))
    }
    guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return }
    if ledger.legacyRevision == .march2025, let batch = BridgeBatches.read(line) { return take(batch) }
    switch ledger.note(line) {
    case .drop: break
    case .answer(let answer): write(answer)
    case .forward(let id): forward(line, id)
    case .forwardNow: forwardNow(line)
    case .cancel(let id):
      forwardNow(line)
      for answers in batches.drop(id) { write(answers) }
    }
  }

  /// The messages of a batch go to the daemon one by one, as all others do.
  private func take(_ batch: BridgeBatches.Line) {
    guard case .messages(let messages) = batch else {
      if case .refused(let answer) = batch { write(answer) }
      return
    }
    var ids: [RequestID] = []
    var answers: [[UInt8]] = []
    for message in messages {
      if let refusal = refusal(of: message, behind: ids) {
        answers.append(refusal)
        continue
      }
      let line = Array(message.bytes)
      switch ledger.note(line) {
      case .drop: break
      case .answer(let answer): answers.append(answer)
      case .forward(let id):
        if let id { ids.append(id) }
        forward(line, id)
      case .forwardNow: forwardNow(line)
      case .cancel(let id):
        forwardNow(line)
        if ids.contains(id) { ids.removeAll { $0 == id } } else { batches.drop(id).forEach { write($0) } }
      }
    }
    for message in batches.open(ids, answers: answers) { write(message) }
  }

  /// The answer to a request that cannot be in a batch behind requests with these ids.
  private func refusal(of message: JSONSlice, behind ids: [RequestID]) -> [UInt8]? {
    guard let message = try? JSONRPCMessage(message), case .request(let id, let method) = message.kind else {
      return nil
    }
    let text: String
    if method == "initialize" {
      text = "initialize cannot be in a batch"  // mcp-checklist LIFE-4
    } else if ids.contains(id) || ledger.isUnanswered(id) {
      text = "A request with the id \(id) is still being served"
    } else {
      return nil
    }
    return JSONRPCWriter.error(id: id, code: MCPErrorCode.invalidRequest, message: text)
  }

  private func forward(_ line: [UInt8], _ id: RequestID?) {
    guard case .attached(let link) = link else { return seekNow() }
    link.send(line)
    if let id { ledger.sent(id, end: link.queuedTotal, at: MonotonicTime.now.nanoseconds) }
  }

  private func forwardNow(_ line: [UInt8]) {
    if case .attached(let link) = link { link.send(line) }
  }

  // MARK: Daemon

  func relay(_ frame: [UInt8]) {
    switch ledger.passage(of: frame) {
    case .none: break
    case .alone: write(frame)
    case .answer(let id): writeAnswer(id, frame)
    }
    endIfAnswered()
    if ledger.heldBytes > 0 { balance() }
  }

  /// Answers in place of a daemon.
  func fail(_ request: BridgeRequest, _ failure: OperationFailure) {
    let trace = String(random.next() | 1, radix: 16) + String(random.next(), radix: 16)
    let traceID = String(repeating: "0", count: 32 - trace.utf8.count) + trace
    writeAnswer(request.id, request.failed(failure, legacy: ledger.legacyRevision, traceID: traceID))
  }

  private func writeAnswer(_ id: RequestID, _ message: [UInt8]) {
    for message in batches.answer(id, message) { write(message) }
  }

  func write(_ message: [UInt8]) {
    output.write { bytes in
      if Self.hasLineBreak(message) {
        // Line breaks between tokens; within strings JSON has none.
        bytes.append(contentsOf: JSONSlice.trusted(message).compacted())
      } else {
        bytes.append(contentsOf: message)
      }
      bytes.append(0x0A)
    }
    // Behind the write that the channel does at the end of this turn.
    loop.atEndOfTurn { self.checkOutput() }
    if output.queuedBytes > Self.queueLimit, case .attached(let link) = link { link.pauseReading() }
  }

  private static func hasLineBreak(_ message: [UInt8]) -> Bool {
    message.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return false }
      return memchr(start, 0x0A, bytes.count) != nil || memchr(start, 0x0D, bytes.count) != nil
    }
  }

  private func checkOutput() {
    if !output.isOpen { finish(.failure) }
  }
}
