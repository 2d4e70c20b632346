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
    let scope = target.scope
    let end =
      startedWithoutCatalog
      ? supervisor.assumeIsolated { $0.firstStartsEnd(waiting: limit) { scope.includes($0) } } : nil
    guard let end, !isStopping, !waitingLists.isFull else {
      return target.reply(status: 200, body: listBody(kind, target))
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
    list.target.reply(status: 200, body: listBody(list.kind, list.target))
  }

  /// A server left its first start: lists for whose clients it was the last one are answered.
  func readinessMayEndWaiting() {
    guard !waitingLists.isEmpty else { return }
    // Not from within the supervisor's own call: the catalog that made a server ready may still be on its way.
    loop.atEndOfTurn {
      for (id, list) in self.waitingLists.entries {
        let scope = list.target.scope
        let end = self.supervisor.assumeIsolated { $0.firstStartsEnd(waiting: .seconds(600)) { scope.includes($0) } }
        if end == nil { self.answerWaitingList(id) }
      }
    }
  }

  private func listBody(_ kind: EntryKind, _ target: any ReplyTarget) -> [UInt8] {
    let (scope, filter) = (target.scope, target.listFilter)
    let entries = catalog.sorted(kind)
    var writer = JSONWriter(reserving: 256 + 192 * entries.count)
    writer.beginObject()
    writer.member("version", "v1")
    writer.key(kind.listMember)
    writer.beginArray()
    let scoped = scoped(scope)
    var room = filter?.most ?? .max
    for entry in entries where scoped.lists(entry) && filter?.matches(entry) ?? true {
      guard room > 0 else { break }
      room -= 1
      entry.writeItem(to: &writer)
    }
    writer.endArray()
    writeReadiness(scope, to: &writer) { scope.includes($0) && filter?.includes($0) ?? true }
    writer.endObject()
    return writer.bytes
  }

  private func writeReadiness(
    _ scope: Scope, to writer: inout JSONWriter, where includes: (_ server: String) -> Bool
  ) {
    writer.key("server_readiness")
    writer.beginArray()
    // Of what is left out of lists, servers that are hidden are not named.
    let omissions = scope.isLimited ? omissions(scope) : nil
    for row in supervisor.assumeIsolated({ $0.readiness(omissions: omissions) }) where includes(row.server) {
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
        requestID: nil, entryID: scoped(target.scope).publicID(of: id, .capability), asked: id, payload: nil,
        admitted: .now))
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
