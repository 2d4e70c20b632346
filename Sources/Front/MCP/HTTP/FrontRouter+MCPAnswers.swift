import Platform
import Protocol
import Supervisor
import Telemetry

/// Answers to requests that a session asked an earlier daemon for. Its client comes back for them with nothing but the id
/// of an event; everything else is known from the worker that has the operation.
extension FrontRouter {
  /// The session's channel expects the answer already.
  func fetchAnswer(_ id: RequestID, _ channel: HTTPSessionChannel) {
    guard let session = channel.session else { return }
    guard session.state.resume(id) else {
      return session.reply(
        id,
        JSONRPCWriter.error(
          id: id, code: MCPErrorCode.internalError,
          message: "More than \(MCPSessionState.mostInFlight) requests at the same time"))
    }
    findAnswer(id, channel)
  }

  private func findAnswer(_ id: RequestID, _ channel: HTTPSessionChannel) {
    guard let session = channel.session else { return }
    if let key = RequestOrigin(client: channel.client, id: id, reaskedAt: nil)?.key, let revision = channel.revision,
      let entry = adopted.claim(key)
    {
      let blob = entry.blob
      let wishes = CallWishes(resuming: blob, sessionLevel: session.effectiveLevel)
      let form = MCPCall.Form(blob.form, blob.kind, server: entry.server)
      let call = MCPCall(session, id, at: revision, form, wishes)
      let operation = FrontOperation(
        id: entry.id, kind: blob.kind, purpose: .carryOut, target: call,
        trace: trace(continuing: "00-\(blob.traceID)-0000000000000001-00"), requestID: blob.requestID,
        entryID: blob.entryID ?? "", asked: blob.entryID ?? "", payload: nil, admitted: .now)
      return resume(operation, entry)
    }
    if !supervisor.assumeIsolated({ $0.hasIdentifiedWorkers }) {
      let call = MCPCall(session, id, at: channel.revision ?? .newestLegacy, .afterwards {})
      if whenWorkersAreKnown(for: call, { self.findAnswer(id, channel) }) { return }
    }
    var data = JSONWriter()
    data.beginObject()
    data.member("reason", "outcome_unknown")
    data.endObject()
    session.refuse(
      id, code: MCPErrorCode.internalError,
      "The warmplane daemon went away during the request, and with it the trace of what became of it; it may have been "
        + "carried out.",
      data: JSONSlice(assembled: data))
  }
}

extension MCPCall.Form {
  /// Longest name that travels with an operation, in bytes; it is only told in errors.
  private static let longestName = 128

  /// What the next daemon needs to answer in the same form; nil for what it is never asked for.
  var text: String? {
    switch self {
    case .tool: "tool"
    case .native(_, let name): "native:\(Self.clipped(name))"
    case .exposed(_, let name, _): "exposed:\(Self.clipped(name))"
    case .completion(_, let name, _): "completion:\(Self.clipped(name))"
    case .list, .afterwards: nil
    }
  }

  /// Reads what `text` wrote; everything else is taken for a facade tool's.
  init(_ text: String?, _ kind: EntryKind, server: String) {
    let parts = (text ?? "").split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch parts.first {
    case "native": self = .native(kind, name: parts.last ?? "")
    case "completion": self = .completion(kind, name: parts.last ?? "", server: server)
    case "exposed": self = .exposed(kind, name: parts.last ?? "", server: server)
    default: self = .tool()
    }
  }

  private static func clipped(_ name: String) -> String {
    name.utf8.count <= longestName ? name : String(decoding: name.utf8.prefix(longestName), as: UTF8.self)
  }
}
