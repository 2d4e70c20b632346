/// Replaces variables in the texts of a server entry. A pure function of the text, its field and a lookup; the daemon
/// gives it its own environment.
///
/// | form | where | when the variable is unset |
/// |---|---|---|
/// | `{env:NAME}`, `${env:NAME}` | every field | failure |
/// | `${NAME}` | `env`, `cwd`, `url`, `headers` | failure |
/// | `${NAME:-default}` | `env`, `cwd`, `url`, `headers` | the default, also when the variable is empty |
///
/// A name and a default end at the first `}`. Inserted text is not expanded again.
package struct TemplateExpansion {
  /// Which forms a field understands.
  package enum FieldClass: Sendable {
    /// `command` and `args`: `${NAME}` stays, because a shell that is started may want it.
    case commandLine
    /// `env` values, `cwd`, `url` and `headers` values.
    case value
  }

  /// An expanded text is at most this long; the kernel takes no longer argument or variable (`MAX_ARG_STRLEN`).
  package static let maxBytes = 131_072

  private let lookup: (String) -> String?

  package init(lookup: @escaping (String) -> String?) {
    self.lookup = lookup
  }

  /// `field` names the place in failures, such as `env.API_KEY`.
  package func expand(
    _ text: String, as fieldClass: FieldClass, field: String
  ) throws(TemplateFailure) -> String {
    var result: [UInt8] = []
    let bytes = Array(text.utf8)
    var position = 0
    while position < bytes.count {
      guard let opening = Opening(in: bytes, at: position, fieldClass) else {
        result.append(bytes[position])
        position += 1
        continue
      }
      let start = position + opening.length
      guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "}")) else {
        throw TemplateFailure(field: field, reason: .unterminated)
      }
      let inside = String(decoding: bytes[start..<end], as: UTF8.self)
      result += try replacement(inside, opening, field).utf8
      position = end + 1
      guard result.count <= Self.maxBytes else { throw TemplateFailure(field: field, reason: .tooLong) }
    }
    guard result.count <= Self.maxBytes else { throw TemplateFailure(field: field, reason: .tooLong) }
    return String(decoding: result, as: UTF8.self)
  }

  /// The first `${NAME}` that a `commandLine` field would leave as it is, for a warning.
  static func firstShellReference(in text: String) -> String? {
    let bytes = Array(text.utf8)
    for position in bytes.indices {
      guard Opening(in: bytes, at: position, .commandLine) == nil,
        Opening(in: bytes, at: position, .value) == .shell,
        let end = bytes[position...].firstIndex(of: UInt8(ascii: "}"))
      else { continue }
      return String(decoding: bytes[position...end], as: UTF8.self)
    }
    return nil
  }

  private func replacement(
    _ inside: String, _ opening: Opening, _ field: String
  ) throws(TemplateFailure) -> String {
    var name = inside
    var fallback: String?
    let scalars = inside.unicodeScalars
    if opening == .shell, let colon = scalars.firstIndex(of: ":"),
      scalars[colon...].dropFirst().first == "-"
    {
      name = String(scalars[..<colon])
      fallback = String(scalars[colon...].dropFirst(2))
    }
    guard !name.isBlank else { throw TemplateFailure(field: field, reason: .emptyName) }
    let value = lookup(name)
    if let fallback {
      return value.flatMap { $0.isEmpty ? nil : $0 } ?? fallback
    }
    guard let value else { throw TemplateFailure(field: field, reason: .unset(name)) }
    return value
  }
}

/// How a reference begins.
private enum Opening {
  /// `{env:`
  case braces
  /// `${env:`
  case dollar
  /// `${`
  case shell

  var length: Int {
    switch self {
    case .braces: 5
    case .dollar: 6
    case .shell: 2
    }
  }

  init?(in bytes: [UInt8], at position: Int, _ fieldClass: TemplateExpansion.FieldClass) {
    let rest = bytes[position...]
    if rest.starts(with: "{env:".utf8) {
      self = .braces
    } else if rest.starts(with: "${env:".utf8) {
      self = .dollar
    } else if fieldClass == .value, rest.starts(with: "${".utf8) {
      self = .shell
    } else {
      return nil
    }
  }
}
