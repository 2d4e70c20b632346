import Protocol

/// Typed access to members. A wrong type is reported and answered with nil, as an absent value is. `null` counts as
/// absent for scalars and is a wrong type for maps and arrays.
extension ConfigurationParser {
  /// Durations are limited to what 32 bits hold (24 days in milliseconds), so that sums of them cannot overflow and
  /// every timer takes them. Longer ones are shortened without a word: no difference can be observed.
  static let longestDuration = Int(Int32.max)

  mutating func object(_ node: ConfigurationNode) -> ConfigurationObject? {
    guard node.value.kind == .object else {
      reportType(node, expected: "an object")
      return nil
    }
    return ConfigurationObject(node)
  }

  mutating func string(_ node: ConfigurationNode) -> String? {
    guard node.value.kind == .string, let text = node.value.string else {
      reportType(node, expected: "a string")
      return nil
    }
    return text
  }

  /// A string that, when given, must not be blank.
  mutating func filled(_ object: ConfigurationObject, _ key: String) -> String? {
    guard let text = string(object, key), let node = object[key] else { return nil }
    guard !text.isBlank else {
      problems.add(.error, "\(key) is blank; give a value or leave it out", at: node)
      return nil
    }
    return text
  }

  mutating func string(_ object: ConfigurationObject, _ key: String) -> String? {
    guard let node = object.given(key) else { return nil }
    return string(node)
  }

  mutating func bool(_ object: ConfigurationObject, _ key: String) -> Bool? {
    guard let node = object.given(key) else { return nil }
    guard let value = node.value.bool else {
      reportType(node, expected: "true or false")
      return nil
    }
    return value
  }

  mutating func integer(_ object: ConfigurationObject, _ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let node = object.given(key) else { return nil }
    guard node.value.kind == .number, let value = node.value.int, range.contains(value) else {
      let bound =
        range.upperBound == .max
        ? "an integer >= \(range.lowerBound)" : "an integer \(range.lowerBound)..\(range.upperBound)"
      reportType(node, expected: bound)
      return nil
    }
    return value
  }

  mutating func duration(_ object: ConfigurationObject, _ key: String, atLeast minimum: Int = 0) -> Int? {
    integer(object, key, in: minimum...Int.max).map { min($0, Self.longestDuration) }
  }

  /// nil if the member is absent; items of a wrong type are reported and left out.
  mutating func strings(_ object: ConfigurationObject, _ key: String) -> [String]? {
    guard let node = object[key] else { return nil }
    guard node.value.kind == .array else {
      reportType(node, expected: "an array of strings")
      return nil
    }
    var result: [String] = []
    for item in node.items {
      if let text = string(item) {
        result.append(text)
      }
    }
    return result
  }

  /// nil if the member is absent; values of a wrong type are reported and left out.
  mutating func namedValues(_ object: ConfigurationObject, _ key: String) -> [NamedValue]? {
    guard let node = object[key], let map = self.object(node) else { return nil }
    var result: [NamedValue] = []
    for member in map.members {
      if let text = string(member.node) {
        result.append(NamedValue(member.name, text))
      }
    }
    return result
  }

  mutating func warnAboutZeroTimeout(_ object: ConfigurationObject, _ key: String) {
    guard let node = object[key], node.value.int == 0 else { return }
    problems.add(.warning, "\(key) is 0: every operation times out at once", at: node)
  }

  /// `place` ends the message, for keys that are known elsewhere.
  mutating func reportUnknownKeys(of object: ConfigurationObject, known: [String], place: String = "") {
    for member in object.members where !known.contains(member.name) {
      let hint = KeySuggestion.nearest(to: member.name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
      problems.add(
        strict ? .error : .warning, "unknown key \(member.name.quoted)\(place)\(hint)", at: member.node,
        offset: member.nameOffset)
    }
  }

  private mutating func reportType(_ node: ConfigurationNode, expected: String) {
    let found: String
    switch node.value.kind {
    case .object: found = "an object"
    case .array: found = "an array"
    case .string: found = "a string"
    case .number:
      found = node.value.bytes.count <= 40 ? String(decoding: node.value.bytes, as: UTF8.self) : "a number"
    case .bool: found = node.value.bool == true ? "true" : "false"
    case .null: found = "null"
    }
    problems.addUnparsable("expected \(expected), found \(found)", at: node)
  }
}

extension String {
  /// Empty or only whitespace.
  var isBlank: Bool {
    unicodeScalars.allSatisfy { $0.properties.isWhitespace }
  }
}
