import Glibc
import Protocol

/// As much of JSON Schema 2020-12 as `docs/config.schema.json` uses. A keyword that is not understood is an error, so that
/// nothing in the schema goes unchecked.
struct JSONSchemaCheck {
  struct UnknownKeyword: Error, CustomStringConvertible {
    let description: String
  }

  let root: JSONSlice

  /// Whether `value` is valid against the whole schema.
  func accepts(_ value: JSONSlice) throws -> Bool { try accepts(value, root) }

  /// The object that `$ref` of `schema` names, or `schema` itself. Both count; see `accepts`.
  func target(of schema: JSONSlice) throws -> JSONSlice {
    guard let reference = schema.member("$ref")?.string else { return schema }
    guard reference.hasPrefix("#/$defs/"), let target = root.member("$defs")?.member(String(reference.dropFirst(8)))
    else { throw UnknownKeyword(description: "$ref \(reference)") }
    return target
  }

  func accepts(_ value: JSONSlice, _ schema: JSONSlice) throws -> Bool {
    for (key, rule) in schema.members {
      guard try accepts(value, key.string ?? "", rule, schema) else { return false }
    }
    return true
  }

  private func accepts(_ value: JSONSlice, _ keyword: String, _ rule: JSONSlice, _ schema: JSONSlice) throws -> Bool {
    switch keyword {
    case "$schema", "$comment", "$defs", "title", "description", "default": return true
    case "$ref": return try accepts(value, try target(of: schema))
    case "type":
      let names = rule.kind == .array ? rule.elements.compactMap(\.string) : [rule.string ?? ""]
      return try names.contains { try Self.isOfType(value, $0) }
    case "enum": return rule.elements.contains { $0.compacted() == value.compacted() }
    case "const": return rule.compacted() == value.compacted()
    case "minimum": return value.kind != .number || (value.double ?? 0) >= (rule.double ?? 0)
    case "maximum": return value.kind != .number || (value.double ?? 0) <= (rule.double ?? 0)
    case "minLength": return value.string.map { $0.unicodeScalars.count >= rule.int ?? 0 } ?? true
    case "maxProperties": return value.kind != .object || Array(value.members).count <= rule.int ?? 0
    case "pattern": return try value.string.map { try Self.matches($0, rule.string ?? "") } ?? true
    case "format": return try value.string.map { try Self.isAddress($0, rule.string ?? "") } ?? true
    case "required": return value.kind != .object || rule.elements.allSatisfy { value.member($0.string ?? "") != nil }
    case "items": return try value.kind != .array || value.elements.allSatisfy { try accepts($0, rule) }
    case "propertyNames": return try value.kind != .object || value.members.allSatisfy { try accepts($0.key, rule) }
    case "properties":
      return try value.members.allSatisfy { member in
        try rule.member(member.key.string ?? "").map { try accepts(member.value, $0) } ?? true
      }
    case "additionalProperties":
      let others = value.members.filter { schema.member("properties")?.member($0.key.string ?? "") == nil }
      return try rule.bool == false ? others.isEmpty : others.allSatisfy { try accepts($0.value, rule) }
    case "oneOf": return try rule.elements.filter { try accepts(value, $0) }.count == 1
    case "minItems": return value.kind != .array || value.elements.count { _ in true } >= rule.int ?? 0
    case "maxItems": return value.kind != .array || value.elements.count { _ in true } <= rule.int ?? 0
    case "not": return try !accepts(value, rule)
    case "anyOf": return try rule.elements.contains { try accepts(value, $0) }
    default: throw UnknownKeyword(description: keyword)
    }
  }

  private static func isOfType(_ value: JSONSlice, _ name: String) throws -> Bool {
    switch name {
    case "null": value.isNull
    case "boolean": value.kind == .bool
    case "string": value.kind == .string
    case "integer": value.int != nil
    case "array": value.kind == .array
    case "object": value.kind == .object
    default: throw UnknownKeyword(description: "type \(name)")
    }
  }

  private static func matches(_ text: String, _ pattern: String) throws -> Bool {
    let isBlank = text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
    switch pattern {
    case "\\S": return !isBlank
    case "^\\s*$": return isBlank
    default:
      // The patterns of the schema are POSIX expressions, too.
      var expression = regex_t()
      guard regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) == 0 else {
        throw UnknownKeyword(description: "pattern \(pattern)")
      }
      defer { regfree(&expression) }
      return regexec(&expression, text, 0, nil, 0) == 0
    }
  }

  private static func isAddress(_ text: String, _ format: String) throws -> Bool {
    var storage = in6_addr()
    switch format {
    case "ipv4": return inet_pton(AF_INET, text, &storage) == 1
    case "ipv6": return inet_pton(AF_INET6, text, &storage) == 1
    default: throw UnknownKeyword(description: "format \(format)")
    }
  }
}
