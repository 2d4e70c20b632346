package import Protocol

extension HTTPExchange {
  /// Answers with a failure envelope (contract §3.2).
  package func respond(_ failure: OperationFailure, requestID: JSONSlice? = nil, traceID: String) {
    respond(
      status: failure.status, headers: failure.allow.map { [(name: "allow", value: $0)] } ?? [],
      body: Envelope.failure(requestID: requestID, traceID: traceID, failure))
  }
}
