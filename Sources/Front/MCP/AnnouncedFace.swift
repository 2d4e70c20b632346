import Protocol

/// What a server says that it has: as much has a client in direct exposure (mcp-checklist DISC-3, SUB-2). Pure.
struct AnnouncedFace {
  let session: UpstreamSession

  /// The capability of this name, if the server announces it.
  func capability(_ name: String) -> JSONSlice? {
    session.capabilities.member(name).flatMap { $0.kind == .object ? $0 : nil }
  }

  var hasLogging: Bool { capability("logging") != nil }

  /// Servers of 2024-11-05 complete without announcing it.
  var hasCompletions: Bool { capability("completions") != nil || session.revision == .november2024 }

  /// Whether the server would know the method, or we know it.
  func has(_ method: MCPMethod) -> Bool {
    switch method {
    case .initialize, .ping, .discover, .listen: true
    case .toolsList, .toolsCall: capability("tools") != nil
    case .resourcesList, .resourcesRead, .templatesList, .subscribe, .unsubscribe: capability("resources") != nil
    case .promptsList, .promptsGet: capability("prompts") != nil
    case .setLevel: hasLogging
    case .complete: hasCompletions
    }
  }

  /// Whether the server tells that the list has changed. A legacy server with the list may, whatever it announces (the
  /// official Python SDK 1.x always denies it).
  func tells(_ list: ListKind) -> Bool {
    guard let capability = capability(list.capability) else { return false }
    return session.revision.era == .legacy || capability.member("listChanged")?.bool == true
  }
}
