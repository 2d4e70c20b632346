import Platform
import Protocol

/// Carrying operations: concurrent by id, each ended exactly once.
extension UpstreamLink {
  /// Sends an operation to the upstream, or answers at once why not.
  func call(_ frame: CallFrame) {
    guard case .ready = phase, let session, let process else {
      return refuse(frame, .notReady, "the server is not connected")
    }
    guard callIDs[frame.operation] == nil else { return }  // a frame that was sent twice: one execution
    guard calls.count < Self.mostCalls, heldBytes < Self.mostHeldBytes else {
      return refuse(frame, .queueFull, "\(calls.count) operations wait for the server already")
    }
    let id = nextID()
    let timer = loop.schedule(after: .milliseconds(frame.timeoutMilliseconds)) { [weak self] in
      self?.giveUp(id, CallFailure(.timeout, "no answer within \(frame.timeoutMilliseconds) ms"))
    }
    calls[id] = InFlightCall(frame: frame, id: id, firstByte: nil, timer: timer)
    callIDs[frame.operation] = id
    if process.queuedBytes > Self.pipeBacklog || !held.isEmpty {
      held.append(id)
      heldBytes += frame.parameters.range.count
    } else {
      dispatch(id, session, process)
    }
  }

  private func dispatch(_ id: Int, _ session: Handshake.Established, _ process: StdioProcess) {
    guard var call = calls[id] else { return }
    call.firstByte = process.acceptedBytes
    calls[id] = call
    pending[id] = .call
    send(
      UpstreamRequest(revision: session.revision).operation(
        id: id, method: call.frame.method, parameters: call.frame.parameters, traceparent: call.frame.traceparent,
        progressToken: call.frame.wantsProgress ? id : nil, version: WarmplaneVersion.current))
  }

  /// The pipe has room again.
  func sendHeld() {
    guard let session, let process else { return }
    while let id = held.first, process.queuedBytes <= Self.pipeBacklog {
      held.removeFirst()
      guard let call = calls[id] else { continue }
      heldBytes -= call.frame.parameters.range.count
      dispatch(id, session, process)
    }
  }

  /// The asker, or somebody for it, gives an operation up.
  func cancel(_ operation: OperationID) {
    guard let id = callIDs[operation] else { return }  // it has ended already: races are normal
    giveUp(id, CallFailure(.cancelled, "it was cancelled"))
  }

  /// Stops waiting. The upstream is told; its late answer is dropped.
  private func giveUp(_ id: Int, _ failure: CallFailure) {
    guard let call = calls[id] else { return }
    if call.firstByte == nil {
      held.removeAll { $0 == id }
      heldBytes -= call.frame.parameters.range.count
      finish(id, .notSent(failure))
    } else {
      pending[id] = nil
      send(
        JSONRPCWriter.notification(method: "notifications/cancelled") { writer in
          writer.beginObject()
          writer.member("requestId", id)
          writer.member("reason", failure.detail)
          writer.endObject()
        })
      finish(id, .unknown(failure))
    }
  }

  /// Ends an operation. Every path of an operation ends here, once.
  func finish(_ id: Int, _ outcome: CallOutcome) {
    guard let call = calls.removeValue(forKey: id) else { return }
    callIDs[call.frame.operation] = nil
    call.timer.cancel()
    handlers.answer(call.answer(outcome))
  }

  /// The upstream is gone: operations of which a byte was written have an unknown outcome, the others were not sent.
  func failCalls(_ failure: CallFailure) {
    let written = process?.writtenBytes ?? 0
    held = []
    heldBytes = 0
    pending = [:]
    for (id, call) in calls.sorted(by: { $0.key < $1.key }) {
      let wasSent = call.firstByte.map { $0 < written } ?? false
      finish(id, wasSent ? .unknown(failure) : .notSent(failure))
    }
  }

  private func refuse(_ frame: CallFrame, _ reason: CallFailure.Reason, _ detail: String) {
    let outcome = CallOutcome.notSent(CallFailure(reason, detail))
    handlers.answer(CallAnswer(operation: frame.operation, blob: frame.blob, outcome: outcome))
  }
}
