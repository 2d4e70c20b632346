/// Which records are written: a default level and levels for prefixes of targets.
///
/// The text is a comma list of `level` and `target=level`, for example `info,warmplane::front=debug`. The longest prefix
/// that fits a target decides; of equal ones the last. Levels are `off`, `error`, `warn`, `info`, `debug` and `trace`, in
/// any case. Without a plain level the default stays `info`.
package struct LogFilter: Sendable, Equatable {
  private struct Directive: Sendable, Equatable {
    var prefix: String
    /// nil = off
    var level: LogLevel?
  }

  private var fallback: LogLevel?
  private var directives: [Directive] = []

  /// What counts without a filter.
  package static let standard = LogFilter(level: .info)

  /// nil = nothing is written.
  package init(level: LogLevel?) {
    fallback = level
  }

  /// nil if any part of the text is not understood.
  package init?(_ text: String) {
    self = .standard
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let directive = part.trimmed
      // A comma at the end is no mistake worth a warning.
      guard !directive.isEmpty else { continue }
      guard let equals = directive.firstIndex(of: "=") else {
        guard let level = Self.level(directive) else { return nil }
        fallback = level
        continue
      }
      let prefix = directive[..<equals].trimmed
      guard !prefix.isEmpty, let level = Self.level(directive[directive.index(after: equals)...].trimmed) else {
        return nil
      }
      directives.append(Directive(prefix: String(prefix), level: level))
    }
  }

  /// The filter of an environment: `WARMPLANE_LOG`, else `RUST_LOG`; an empty variable counts as unset. A bad one gives
  /// the standard filter and a warning to be logged.
  package static func fromEnvironment(
    _ lookup: (String) -> String?
  ) -> (filter: LogFilter, warning: String?) {
    for name in ["WARMPLANE_LOG", "RUST_LOG"] {
      guard let text = lookup(name), !text.isEmpty else { continue }
      guard let filter = LogFilter(text) else {
        return (.standard, "\(name) is not a log filter: \(text.prefix(200)); using info")
      }
      return (filter, nil)
    }
    return (.standard, nil)
  }

  /// The lowest level that is written for a target; nil = none.
  package func threshold(for target: String) -> LogLevel? {
    var best: Directive?
    for directive in directives where target.hasPrefix(directive.prefix) {
      if directive.prefix.utf8.count >= best?.prefix.utf8.count ?? 0 {
        best = directive
      }
    }
    return best.map(\.level) ?? fallback
  }

  /// The outer nil is a word that is no level, the inner one is `off`.
  private static func level(_ text: some StringProtocol) -> LogLevel?? {
    let name = text.uppercased()
    if name == "OFF" { return .some(nil) }
    return LogLevel.allCases.first { $0.name == name }.map { .some($0) }
  }
}

extension StringProtocol {
  fileprivate var trimmed: SubSequence {
    let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? startIndex
    return self[(firstIndex { !$0.isWhitespace } ?? startIndex)..<end]
  }
}
