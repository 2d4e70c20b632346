/// The three lists of an upstream that the catalog holds.
package enum ListKind: String, Sendable, CaseIterable {
  case tools
  case resources
  case prompts

  /// The method that lists, for example `tools/list`.
  package var method: String { "\(rawValue)/list" }

  /// The notification that says that the list changed.
  package var changeNotification: String { "notifications/\(rawValue)/list_changed" }

  /// The member of a `subscriptions/listen` filter (2026-07-28).
  package var listenFilter: String { "\(rawValue)ListChanged" }
}
