import Configuration
import Platform
import Protocol
import Supervisor
import Telemetry

/// Lists and descriptions.
extension FrontRouter {
  /// Answers with the allowed entries of a kind and one readiness row per server. `wait` bounds the wait for first starts,
  /// milliseconds; nil is the configuration's `listWaitMs` (contract §3.4).
  func list(_ kind: EntryKind, _ target: any ReplyTarget, wait: Int?) {
    let limit = Duration.milliseconds(min(wait ?? settings.configuration.listWaitMs, 600_000))
    let end = startedWithoutCatalog ? supervisor.assumeIsolated { $0.firstStartsEnd(waiting: limit) } : nil
    guard let end, !isStopping, !waitingLists.isFull else {
      return target.reply(status: 200, body: listBody(kind, target.scope))
    }
    let id = OperationID.random(using: &random)
    let timer = loop.schedule(at: end) { self.answerWaitingList(id) }
    waitingLists.add(WaitingList(kind: kind, target: target, timer: timer), id)
    target.began(id) { self.waitingLists.remove(id)?.timer.cancel() }
  }

  /// Answers all that wait, in the order in which they came.
  func answerWaitingLists() {
    for id in waitingLists.ids { answerWaitingList(id) }
  }

  private func answerWaitingList(_ id: OperationID) {
    guard let list = waitingLists.remove(id) else { return }
    list.timer.cancel()
    list.target.ended(id)
    list.target.reply(status: 200, body: listBody(list.kind, list.target.scope))
  }

  /// A server left its first start: lists that waited for the last one are answered.
  func readinessMayEndWaiting() {
    guard !waitingLists.isEmpty else { return }
    // Not from within the supervisor's own call: the catalog that made a server ready may still be on its way.
    loop.atEndOfTurn {
      let end = self.supervisor.assumeIsolated { $0.firstStartsEnd(waiting: .seconds(600)) }
      guard end == nil else { return }
      self.answerWaitingLists()
    }
  }

  private func listBody(_ kind: EntryKind, _ scope: Scope) -> [UInt8] {
    let entries = catalog.sorted(kind)
    var writer = JSONWriter(reserving: 256 + 192 * entries.count)
    writer.beginObject()
    writer.member("version", "v1")
    writer.key(kind.listMember)
    writer.beginArray()
    for entry in entries where isListed(entry, scope) { entry.writeItem(to: &writer) }
    writer.endArray()
    writeReadiness(scope, to: &writer)
    writer.endObject()
    return writer.bytes
  }

  /// Whether clients of the scope find the entry in lists.
  func isListed(_ entry: any CatalogEntry, _ scope: Scope) -> Bool {
    policy.allows(entry.id) && scope.shows(entry.id, of: entry.server)
  }

  private func writeReadiness(_ scope: Scope, to writer: inout JSONWriter) {
    writer.key("server_readiness")
    writer.beginArray()
    for row in supervisor.assumeIsolated({ $0.readiness() }) where scope.includes(row.server) {
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
  func describeCapability(_ target: any ReplyTarget, _ id: String, trace: TraceContext) {
    begin(
      FrontOperation(
        id: .random(using: &random), kind: .capability, purpose: .describe, target: target, trace: trace,
        requestID: nil, entryID: publicID(id, .capability, target.scope), payload: nil, admitted: .now))
  }

  func answerDescription(_ operation: FrontOperation) {
    guard let capability = catalog.capabilities[operation.entryID],
      operations.removeValue(forKey: operation.id) != nil
    else { return }
    operation.target.ended(operation.id)
    var writer = JSONWriter(reserving: capability.item.range.count + 256)
    writer.beginObject()
    writer.member("version", "v1")
    writer.key("capability")
    capability.writeDetail(to: &writer)
    writer.endObject()
    operation.target.reply(status: 200, body: writer.bytes)
    recordEnd(of: operation, .success(nil))
    operationsChanged()
  }
}
