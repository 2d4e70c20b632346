import Configuration
import Protocol

/// An open `subscriptions/listen` (2026-07-28). Only what is honoured is kept: our own seven tools never change.
struct MCPSubscription: Equatable {
  static let mostPerSession = 64

  let id: RequestID
  let kinds: [ListKind]
  /// URIs as the client wrote them; their changes are told by `ResourceWatch`.
  var resources: [String] = []

  /// Nil without a filter object.
  init?(_ id: RequestID, _ params: JSONSlice?, of view: MCPView) {
    guard let filter = params?.member("notifications"), filter.kind == .object else { return nil }
    self.id = id
    kinds = view.changingLists.filter { filter.member($0.listenFilter)?.bool == true }
  }

  var acknowledgement: [UInt8] {
    JSONRPCWriter.notification(method: "notifications/subscriptions/acknowledged") { writer in
      writer.beginObject()
      writeMeta(to: &writer)
      writer.key("notifications")
      writer.beginObject()
      for kind in kinds { writer.member(kind.listenFilter, true) }
      if !resources.isEmpty { writer.member("resourceSubscriptions", strings: resources) }
      writer.endObject()
      writer.endObject()
    }
  }

  func change(of kind: ListKind) -> [UInt8] {
    JSONRPCWriter.notification(method: kind.changeNotification) { writer in
      writer.beginObject()
      writeMeta(to: &writer)
      writer.endObject()
    }
  }

  /// The answer to the request, when we end it (mcp-checklist SUB-4).
  var completion: [UInt8] {
    JSONRPCWriter.result(id: id) { writer in
      writer.beginObject()
      writer.member("resultType", "complete")
      writeMeta(to: &writer)
      writer.endObject()
    }
  }

  private func writeMeta(to writer: inout JSONWriter) {
    writer.key("_meta")
    writer.beginObject()
    writer.member(MetaKey.subscriptionID, id)
    writer.endObject()
  }
}
