import Protocol

/// The members of list entries that MCP's schema knows, and what they must be. Others may be anything.
extension EntryShape {
  /// Members of an entry of `tools/list`, `resources/list`, `prompts/list`, but its name or URI.
  static func members(_ kind: EntryKind, isStrict: Bool) -> [String: EntryShape] {
    switch kind {
    case .capability: isStrict ? strictTool : tool
    case .resource: resource
    case .prompt: prompt
    }
  }

  /// Of an entry of `resources/templates/list`.
  static let template = described.merging(["annotations": annotations, "mimeType": .text]) { $1 }

  private static let described: [String: EntryShape] = [
    "title": .text, "description": .text, "icons": .list(icon), "_meta": .object,
  ]

  private static let tool = described.merging(
    [
      "inputSchema": .schema(isStrict: false), "outputSchema": .object,
      "annotations": .record([
        "title": .text, "readOnlyHint": .flag, "destructiveHint": .flag, "idempotentHint": .flag,
        "openWorldHint": .flag,
      ]),
    ]) { $1 }

  /// Before 2026-07-28. `ResultTranslation.keeps` leaves only schemas of objects to those.
  private static let strictTool = tool.merging(
    ["inputSchema": .schema(isStrict: true), "outputSchema": .schema(isStrict: true)]) { $1 }

  private static let resource = template.merging(["size": .integer]) { $1 }

  private static let prompt = described.merging(
    [
      "arguments": .list(
        .record(["name": .text, "title": .text, "description": .text, "required": .flag], needs: ["name"]))
    ]) { $1 }

  private static let annotations = EntryShape.record([
    "audience": .list(.word(["user", "assistant"])), "priority": .share, "lastModified": .text,
  ])

  private static let icon = EntryShape.record(
    ["src": .text, "mimeType": .text, "sizes": .list(.text), "theme": .word(["light", "dark"])], needs: ["src"])

  // MARK: Faults

  /// The members of an entry that lists of several servers show otherwise than the server wrote them, or not at all. Null is
  /// "none" for whoever writes it.
  static func faults(of item: JSONSlice, _ shapes: [String: EntryShape], needs: [String] = []) -> [String] {
    var faults = needs.filter { item.member($0) == nil }
    for (key, value) in item.members {
      guard let name = key.string, let shape = shapes[name], !shape.fits(value, takesNull: true) else { continue }
      if value.isNull, !needs.contains(name) { continue }
      faults.append(name)
    }
    return faults
  }
}
