/// The lists of an upstream that the catalog holds. The raw value is the member of the result that holds the items.
package enum ListKind: String, Sendable, CaseIterable {
  case tools
  case resources
  case resourceTemplates
  case prompts

  /// The method that lists, for example `tools/list`.
  package var method: String { self == .resourceTemplates ? "resources/templates/list" : "\(rawValue)/list" }

  /// The capability that announces the list. Templates have none of their own.
  package var capability: String { self == .resourceTemplates ? Self.resources.rawValue : rawValue }

  /// Whether a server that announces `capability` may lack this list all the same, or never answer for it.
  package var isOptional: Bool { self == .resourceTemplates }

  /// The notification that says that the list changed. Templates share that of resources (mcp-checklist MAP-33).
  package var changeNotification: String { "notifications/\(capability)/list_changed" }

  /// The member of a `subscriptions/listen` filter (2026-07-28).
  package var listenFilter: String { "\(capability)ListChanged" }
}
