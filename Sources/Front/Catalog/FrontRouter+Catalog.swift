import Protocol
import Supervisor
import Telemetry

/// What follows from a change of the catalog.
extension FrontRouter {
  /// Tells MCP clients, reports ids that are newly left out, and tells the supervisor which servers miss some.
  func catalogMayHaveChanged() {
    exposedListsMayHaveChanged()
    reportFaults()
    let omissions = catalog.omissions
    guard omissions != reportedOmissions else { return }
    for omission in omissions where !reportedOmissions.contains(omission) {
      log.warn(
        "duplicate public id omitted",
        [
          LogField("server_id", omission.server), LogField("id", omission.id), LogField("kept_by", omission.keptBy),
        ])
    }
    reportedOmissions = omissions
    let sentences = self.omissions(.everything)
    supervisor.assumeIsolated { $0.noteOmissions(sentences) }
  }

  /// What of each server is left out because another has its id, in sentences for clients of the scope.
  func omissions(_ scope: Scope) -> [String: [String]] {
    let known = catalog.omissions.filter { scope.shows($0.id, of: $0.server) }
    return Dictionary(grouping: known, by: \.server).mapValues { omissions in
      omissions.map { $0.sentence(namesKeeper: scope.includes($0.keptBy)) }
    }
  }

  /// Faults of servers are for their owners; clients are told what can be made of the entries.
  private func reportFaults() {
    let faults = catalog.faults
    for fault in faults where !reportedFaults.contains(fault) {
      log.warn(
        "faulty list entry",
        [
          LogField("server_id", fault.server), LogField("list", fault.list.rawValue),
          LogField("name", fault.name?.clipped(to: 200)),
          LogField("members", fault.members.joined(separator: ", ")),
        ])
    }
    reportedFaults = faults
  }
}
