import Protocol

/// A list of the facade as two columns, and below it the servers that are not ready.
struct ListText {
  /// Longer ids have a line of their own, so that a few of them do not take the room of all summaries.
  private static let widestColumn = 36

  private let noun: String
  private let rows: [(id: String, summary: String)]
  private let unready: [JSONSlice]
  private let servers: Int

  /// The lists of the facade: the member of the body, what one entry is called, and where its text is; the first that
  /// there is counts.
  private static let kinds = [
    ("capabilities", "tool", ["summary"]), ("resources", "resource", ["description", "name"]),
    ("prompts", "prompt", ["description", "title"]),
  ]

  /// Nil if the body is no list.
  init?(_ body: JSONSlice) {
    guard let kind = Self.kinds.first(where: { body.member($0.0)?.kind == .array }), let list = body.member(kind.0)
    else { return nil }
    noun = kind.1
    rows = list.elements.map { item in
      let texts = kind.2.lazy.compactMap { item.member($0)?.string?.onOneLine }
      return (item.member("id")?.string?.onOneLine ?? "-", texts.first { !$0.isEmpty } ?? "")
    }
    let readiness = body.member("server_readiness")
    servers = readiness.map { Array($0.elements).count } ?? 0
    unready = readiness?.elements.filter { $0.member("code")?.isString("ready") != true } ?? []
  }

  func rendered(_ style: TextStyle) -> String {
    var text = ""
    if !rows.isEmpty {
      let column = max(2, rows.map(\.id.displayWidth).filter { $0 <= Self.widestColumn }.max() ?? 2)
      let summaryWidth = max(20, style.width - column - 2)
      text += style.apply(.bold, to: "ID".padded(to: column)) + "  " + style.apply(.bold, to: "SUMMARY") + "\n"
      for (id, summary) in rows {
        let shown = summary.cut(to: summaryWidth)
        if shown.isEmpty {
          text += "\(id)\n"
        } else if id.displayWidth > column {
          text += "\(id)\n\(String(repeating: " ", count: column + 2))\(shown)\n"
        } else {
          text += "\(id.padded(to: column))  \(shown)\n"
        }
      }
      text += "\n"
    }
    text += style.apply(.dim, to: "\(counted(rows.count, noun)) of \(counted(servers, "server"))") + "\n"
    for server in unready { text += note(server, style) }
    return text
  }

  private func note(_ server: JSONSlice, _ style: TextStyle) -> String {
    let name = server.member("server")?.string?.onOneLine ?? "-"
    let code = server.member("code")?.string?.onOneLine ?? "-"
    let message = server.member("message")?.string?.onOneLine ?? ""
    let look: TextStyle.Look = code == "disabled" ? .dim : server.member("retryable")?.bool == true ? .yellow : .red
    var text = "\(name): \(style.apply(look, to: code))\n"
    for line in message.wrapped(to: style.width - 4) where !line.isEmpty { text += "    \(line)\n" }
    return text
  }

  private func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
