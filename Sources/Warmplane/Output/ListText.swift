import Protocol

/// A list of the facade as two columns, and below it the servers that are not ready.
struct ListText {
  /// Longer ids have a line of their own, so that a few of them do not take the room of all summaries.
  private static let widestColumn = 36

  private let rows: [(id: String, summary: String)]
  private let unready: [JSONSlice]
  private let servers: Int

  /// Nil if the body is no list.
  init?(_ body: JSONSlice) {
    guard let list = body.member("capabilities"), list.kind == .array else { return nil }
    rows = list.elements.map { item in
      (
        item.member("id")?.string?.onOneLine ?? "-",
        item.member("summary")?.string?.onOneLine ?? ""
      )
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
    text += style.apply(.dim, to: "\(counted(rows.count, "tool")) of \(counted(servers, "server"))") + "\n"
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
