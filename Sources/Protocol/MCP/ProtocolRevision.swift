/// The revisions of the Model Context Protocol that we speak, oldest first.
package enum ProtocolRevision: String, Sendable, CaseIterable, Comparable {
  case november2024 = "2024-11-05"
  case march2025 = "2025-03-26"
  case june2025 = "2025-06-18"
  case november2025 = "2025-11-25"
  case july2026 = "2026-07-28"

  /// Two generations: *legacy* opens with `initialize` and has a session, *modern* carries everything in `_meta` of
  /// each request.
  package enum Era: String, Sendable { case legacy, modern }

  package var era: Era { self >= .july2026 ? .modern : .legacy }

  /// What `initialize` proposes, and counters with.
  package static let newestLegacy = ProtocolRevision.november2025
  /// What `server/discover` is asked at.
  package static let newestModern = ProtocolRevision.july2026

  package static func < (left: ProtocolRevision, right: ProtocolRevision) -> Bool { left.rawValue < right.rawValue }
}
