import Platform
import Protocol

/// Carrying operations: concurrent by id, each ended exactly once.
extension UpstreamLink {
  /// Sends an operation to the upstream, or answers at once why not.
  func call(_ frame: CallFrame) {
    guard isReady, let transport else {
      return refuse(frame, .notReady, "the server is not connected")
    }
    guard callIDs[frame.operation] == nil else { return }  // a frame that was sent twice: one execution
    guard calls.count < Self.mostCalls, transport.waitingBytes < Self.mostWaitingBytes else {
      return refuse(frame, .queueFull, "\(calls.count) operations wait for the server already")
    }
    let deadline = MonotonicTime.now + .milliseconds(frame.timeoutMilliseconds)
    let timer = loop.schedule(at: deadline) { [weak self] in
      self?.giveUp(frame.operation, CallFailure(.timeout, "no answer within \(frame.timeoutMilliseconds) ms"))
    }
    send(InFlightCall(frame: frame, deadline: deadline, timer: timer))
  }

  /// Sends an operation under an id of its own.
  func send(_ call: InFlightCall) {
    guard let session, let transport else { return }
    let frame = call.frame
    let id = ids.next()
    calls[id] = call
    callIDs[frame.operation] = id
    pending[id] = .call
    var request = OutgoingRequest(id, .call, frame.method) {
      UpstreamRequest(revision: session.revision).operation(
        id: id, method: frame.method, parameters: frame.parameters, traceparent: frame.traceparent,
        progressToken: frame.wantsProgress ? id : nil, logLevel: frame.logLevel, version: WarmplaneVersion.current)
    }
    request.parameters = frame.parameters
    if transport.carriesHeaders, frame.method == "tools/call" {
      request.parameterHeaders = toolHeaders.headers(for: frame.parameters)
    }
    transport.send(request)
  }

  /// Operations without an answer, for a supervisor that did not send them.
  var inFlight: [InFlightOperation] {
    let now = MonotonicTime.now
    return calls.values.map { $0.description(now: now) }
  }

  /// The asker, or somebody for it, gives an operation up.
  func cancel(_ operation: OperationID) {
    giveUp(operation, CallFailure(.cancelled, "it was cancelled"))
  }

  /// Stops waiting. The upstream is told; its late answer is dropped.
  private func giveUp(_ operation: OperationID, _ failure: CallFailure) {
    guard let id = callIDs[operation] else { return }  // it has ended already: races are normal
    pending[id] = nil
    let wasSent = transport?.cancel(id, reason: failure.detail) ?? false
    finish(id, wasSent ? .unknown(failure) : .notSent(failure))
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
    pending = [:]
    for id in calls.keys.sorted() {
      let wasSent = transport?.mayHaveArrived(id) ?? false
      finish(id, wasSent ? .unknown(failure) : .notSent(failure))
    }
  }

  private func refuse(_ frame: CallFrame, _ reason: CallFailure.Reason, _ detail: String) {
    let outcome = CallOutcome.notSent(CallFailure(reason, detail))
    handlers.answer(CallAnswer(operation: frame.operation, blob: frame.blob, outcome: outcome))
  }
}
