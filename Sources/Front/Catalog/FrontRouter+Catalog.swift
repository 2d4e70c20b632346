import Supervisor
import Telemetry

/// What follows from a change of the catalog.
extension FrontRouter {
  /// Tells MCP clients, reports ids that are newly left out, and tells the supervisor which servers miss some.
  func catalogMayHaveChanged() {
    exposedListsMayHaveChanged()
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
    let byServer = Dictionary(grouping: omissions, by: \.server)
    let sentences = byServer.mapValues { $0.map(\.sentence) }
    supervisor.assumeIsolated { $0.noteOmissions(sentences) }
  }
}
