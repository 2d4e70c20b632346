/// What `--help` prints.
enum HelpText {
  /// Lines stay readable on a wide terminal and fit a usual one.
  private static let widest = 80

  static func text(for topic: HelpTopic, of table: ArgumentTable, style: TextStyle) -> String {
    let page = Page(style: style, width: min(style.width, widest))
    switch topic {
    case .overview: return page.overview(table)
    case .group(let name): return page.group(name, table)
    case .command(let command): return page.command(command, table)
    }
  }

  private struct Page {
    let style: TextStyle
    let width: Int

    func overview(_ table: ArgumentTable) -> String {
      var text = "warmplane keeps MCP servers warm behind one local daemon.\n"
      text += heading("Usage") + "  \(HelpTopic.overview.usage)\n"
      var groups: [String] = []
      for command in table.commands where !groups.contains(command.group) { groups.append(command.group) }
      let column = table.commands.map(\.name.count).max() ?? 0
      for group in groups {
        text += heading(group)
        for command in table.commands where command.group == group {
          text += entry(command.name, command.summary, column: column)
        }
      }
      text += heading("Flags of every command")
      text += list(table.commonFlags + [ArgumentTable.help, ArgumentTable.version])
      text += heading("Examples")
      for example in Self.examples { text += "  \(example)\n" }
      text += heading("Exit codes")
      text += "  0 success   1 the operation failed   2 wrong usage   3 no daemon reachable\n\n"
      return text + "\"warmplane help <command>\" explains one command.\n"
    }

    func group(_ name: String, _ table: ArgumentTable) -> String {
      let commands = table.commands.filter { $0.words.count > 1 && $0.words[0] == name }
      let column = commands.map(\.name.count).max() ?? 0
      var text = paragraph(table.groupDetails[name] ?? "")
      text += heading("Usage") + "  \(HelpTopic.group(name).usage)\n"
      text += heading("Commands")
      for command in commands { text += entry(command.name, command.summary, column: column) }
      return text + "\n\"warmplane help \(name) <command>\" explains one command.\n"
    }

    private static let examples = [
      "warmplane daemon --config mcp_servers.json",
      "warmplane list-capabilities --output table",
      "warmplane call-capability time.get_current_time --params '{\"timezone\":\"UTC\"}'",
    ]

    func command(_ command: Command, _ table: ArgumentTable) -> String {
      var text = paragraph(command.details)
      text += heading("Usage") + "  \(command.usage)\n"
      if !command.operands.isEmpty {
        text += heading("Operands")
        let column = command.operands.map(\.placeholder.count).max() ?? 0
        for operand in command.operands { text += entry(operand.placeholder, operand.help, column: column) }
      }
      text += heading("Flags") + list(table.flags(of: command) + [ArgumentTable.help])
      if !command.examples.isEmpty {
        text += heading("Examples")
        for (index, example) in command.examples.enumerated() {
          if index > 0 { text += "\n" }
          text += style.apply(.dim, to: "  # \(example.note)") + "\n  \(example.line)\n"
        }
      }
      return text
    }

    private func heading(_ title: String) -> String { "\n\(style.apply(.bold, to: "\(title):"))\n" }

    private func paragraph(_ text: String) -> String {
      text.wrapped(to: width).joined(separator: "\n") + "\n"
    }

    private func list(_ flags: [Flag]) -> String {
      let labels = flags.map(label)
      let column = labels.map(\.count).max() ?? 0
      return zip(labels, flags).map { entry($0, $1.help, column: column) }.joined()
    }

    /// `-c, --config <PATH>`, the long names below each other.
    private func label(_ flag: Flag) -> String {
      let short = flag.short.map { "-\($0), " } ?? "    "
      return short + "--\(flag.name)" + (flag.placeholder.map { " \($0)" } ?? "")
    }

    private func entry(_ name: String, _ help: String, column: Int) -> String {
      let indent = String(repeating: " ", count: column + 4)
      let lines = help.wrapped(to: width - column - 4)
      return "  \(name.padded(to: column))  \(lines.joined(separator: "\n\(indent)"))\n"
    }
  }
}
