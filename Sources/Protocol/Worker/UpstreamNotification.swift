/// A notification of an upstream that is for clients: `notifications/message` or `notifications/resources/updated`.
package struct UpstreamNotification: Sendable {
  /// Which operation it belongs to.
  package enum Attribution: Sendable, Equatable {
    /// None, or nobody knows.
    case none
    /// No other operation was in flight: most likely that one.
    case likely(OperationID)
    /// It came on the very stream of the operation's answer, or no other operation may cause it.
    case certain(OperationID)

    package var operation: OperationID? {
      switch self {
      case .none: nil
      case .likely(let operation), .certain(let operation): operation
      }
    }
  }

  package let method: String
  /// The upstream's parameters, untouched (an object).
  package let params: JSONSlice
  package let attribution: Attribution

  package init(method: String, params: JSONSlice, attribution: Attribution) {
    self.method = method
    self.params = params
    self.attribution = attribution
  }

  /// The payload of the frame `WorkerMethod.notification`.
  package func encoded() -> [UInt8] {
    JSONRPCWriter.notification(method: WorkerMethod.notification, reserving: params.range.count + 192) { writer in
      writer.beginObject()
      writer.member("method", method)
      if let operation = attribution.operation { writer.member("operation", operation.description) }
      if case .certain = attribution { writer.member("certain", true) }
      writer.member("params", params)
      writer.endObject()
    }
  }

  /// Reads the frame's parameters; nil when a required member is missing.
  package init?(_ slice: JSONSlice?) {
    guard let slice, let method = slice.member("method")?.string, let params = slice.member("params"),
      params.kind == .object
    else { return nil }
    let operation = slice.member("operation")?.string.flatMap { OperationID($0) }
    let isCertain = slice.member("certain")?.bool ?? false
    self.init(
      method: method, params: params,
      attribution: operation.map { isCertain ? .certain($0) : .likely($0) } ?? .none)
  }
}
