import Protocol

/// `completion/complete`, as far as it is the server's affair.
struct CompletionRequest {
  /// Most values of an answer (MCP completion).
  static let mostValues = 100

  /// The object that names the argument and what of it is known.
  let argument: JSONSlice
  let context: JSONSlice?

  /// Nil when the members are not as they must be.
  init?(_ params: JSONSlice?) {
    guard let argument = params?.member("argument"), argument.member("name")?.kind == .string,
      argument.member("value")?.kind == .string
    else { return nil }
    self.argument = argument
    context = params?.member("context").flatMap { $0.kind == .object ? $0 : nil }
  }

  /// The request's parameters but `_meta`. Servers before 2025-06-18 know no context.
  func write(_ kind: EntryKind, _ upstreamName: JSONSlice, to revision: ProtocolRevision?, _ writer: inout JSONWriter) {
    writer.key("ref")
    writer.beginObject()
    writer.member("type", kind == .prompt ? "ref/prompt" : "ref/resource")
    writer.member(kind == .prompt ? "name" : "uri", upstreamName)
    writer.endObject()
    writer.member("argument", argument)
    if let context, revision.map({ $0 >= .june2025 }) ?? true { writer.member("context", context) }
  }

  /// The server's result with no more values than clients take; nil when it is none.
  static func bounded(_ result: JSONSlice) -> JSONSlice? {
    guard let completion = result.member("completion"), let values = completion.member("values"), values.kind == .array
    else { return nil }
    guard values.elements.dropFirst(mostValues).first(where: { _ in true }) != nil else { return result }
    var writer = JSONWriter(reserving: result.range.count)
    writer.beginObject()
    for (key, value) in result.members {
      writer.key(splicing: key)
      if key.isString("completion") { writeBounded(value, to: &writer) } else { writer.splice(value) }
    }
    writer.endObject()
    return JSONSlice(assembled: writer)
  }

  private static func writeBounded(_ completion: JSONSlice, to writer: inout JSONWriter) {
    writer.beginObject()
    for (key, value) in completion.members where !key.isString("hasMore") {
      writer.key(splicing: key)
      guard key.isString("values") else {
        writer.splice(value)
        continue
      }
      writer.beginArray()
      for value in value.elements.prefix(mostValues) { writer.splice(value) }
      writer.endArray()
    }
    writer.member("hasMore", true)
    writer.endObject()
  }

  /// No suggestions.
  static let empty = JSONSlice.trusted(#"{"completion":{"values":[],"total":0,"hasMore":false}}"#)
}
