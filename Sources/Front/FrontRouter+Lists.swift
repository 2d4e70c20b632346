import Configuration
import Platform
import Protocol
import Supervisor
import Telemetry

/// A list that waits for servers in their first start.
struct WaitingList {
  let target: ReplyTarget
  let timer: Timer
}

/// Lists and descriptions.
extension FrontRouter {
  /// Answers with the allowed capabilities and one readiness row per server. `wait` bounds the wait for first starts,
  /// milliseconds; nil is the configuration's `listWaitMs` (contract §3.4).
  func listCapabilities(_ target: ReplyTarget, wait: Int?) {
    let limit = Duration.milliseconds(min(wait ?? settings.configuration.listWaitMs, 600_000))
    let end = supervisor.assumeIsolated { $0.firstStartsEnd(waiting: limit) }
    guard let end, !isStopping else { return target.reply(status: 200, body: capabilityList()) }
    let id = nextListID()
    let timer = loop.schedule(at: end) { self.answerWaitingList(id) }
    waitingLists[id] = WaitingList(target: target, timer: timer)
    if case .http(let exchange) = target {
      exchange.onDisconnect { self.waitingLists.removeValue(forKey: id)?.timer.cancel() }
    }
  }

  func answerWaitingList(_ id: UInt64) {
    guard let list = waitingLists.removeValue(forKey: id) else { return }
    list.timer.cancel()
    list.target.reply(status: 200, body: capabilityList())
  }

  /// A server left its first start: lists that waited for the last one are answered.
  func readinessMayEndWaiting() {
    guard !waitingLists.isEmpty else { return }
    // Not from within the supervisor's own call: the catalog that made a server ready may still be on its way.
    loop.atEndOfTurn {
      let end = self.supervisor.assumeIsolated { $0.firstStartsEnd(waiting: .seconds(600)) }
      guard end == nil else { return }
      for id in self.waitingLists.keys.sorted() { self.answerWaitingList(id) }
    }
  }

  private func capabilityList() -> [UInt8] {
    var writer = JSONWriter(reserving: 256 + 192 * catalog.sorted.count)
    writer.beginObject()
    writer.member("version", "v1")
    writer.key("capabilities")
    writer.beginArray()
    for capability in catalog.sorted where policy.allows(capability.id) { capability.writeItem(to: &writer) }
    writer.endArray()
    writeReadiness(to: &writer)
    writer.endObject()
    return writer.bytes
  }

  private func writeReadiness(to writer: inout JSONWriter) {
    writer.key("server_readiness")
    writer.beginArray()
    for row in supervisor.assumeIsolated({ $0.readiness() }) {
      writer.beginObject()
      writer.member("server", row.server)
      writer.member("code", row.code.rawValue)
      writer.member("message", row.message)
      writer.member("retryable", row.code.isRetryable)
      writer.endObject()
    }
    writer.endArray()
  }

  /// Policy, lookup (contract §3.4). A server that was never listed is told by its readiness, not by 404.
  func describeCapability(_ target: ReplyTarget, _ id: String, trace: TraceContext) {
    begin(
      FrontOperation(
        id: .random(using: &random), purpose: .describe, target: target, trace: trace, requestID: nil, capabilityID: id,
        arguments: .emptyObject, admitted: .now))
  }

  func answerDescription(_ operation: FrontOperation, _ capability: Capability) {
    guard operations.removeValue(forKey: operation.id) != nil else { return }
    if case .control(let session, _) = operation.target { session.operations.remove(operation.id) }
    var writer = JSONWriter(reserving: capability.tool.range.count + 256)
    writer.beginObject()
    writer.member("version", "v1")
    writer.key("capability")
    capability.writeDetail(to: &writer)
    writer.endObject()
    operation.target.reply(status: 200, body: writer.bytes)
    operationsChanged()
  }
}
