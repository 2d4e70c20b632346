extension URITemplate {
  /// Literals and expressions of one template, each variable of an expression counted.
  private static let mostParts = 64

  /// Nil for what is no template (RFC 6570 §2), or one too large: it matches nothing.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.longest else { return nil }
    var parts: [Part] = []
    var rest = bytes[...]
    while let first = rest.first {
      if first == UInt8(ascii: "{") {
        guard let end = rest.firstIndex(of: UInt8(ascii: "}")),
          let expression = Self.expression(rest[(rest.startIndex + 1)..<end])
        else { return nil }
        parts += expression
        rest = rest[(end + 1)...]
      } else {
        let end = rest.firstIndex(of: UInt8(ascii: "{")) ?? rest.endIndex
        let literal = Array(rest[..<end])
        guard !literal.contains(UInt8(ascii: "}")) else { return nil }
        parts.append(.literal(literal))
        rest = rest[end...]
      }
      guard parts.count <= Self.mostParts else { return nil }
    }
    self.parts = parts
  }

  /// What stands between the braces.
  private static func expression(_ text: ArraySlice<UInt8>) -> [Part]? {
    guard let first = text.first, !Array("=,!@|".utf8).contains(first) else { return nil }
    let hasOperator = Array("+#./;?&".utf8).contains(first)
    let list = (hasOperator ? text.dropFirst() : text)
      .split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    var variables: [Variable] = []
    for text in list {
      guard let variable = Variable(text) else { return nil }
      variables.append(variable)
    }
    return parts(hasOperator ? first : nil, variables)
  }

  private struct Variable {
    let name: [UInt8]
    let isExploded: Bool

    init?(_ text: ArraySlice<UInt8>) {
      isExploded = text.last == UInt8(ascii: "*")
      // `:n` cuts a value to n characters; to accept longer ones does no harm.
      let name = (isExploded ? text.dropLast() : text).prefix { $0 != UInt8(ascii: ":") }
      guard !name.isEmpty, !name.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "*") })
      else { return nil }
      self.name = Array(name)
    }
  }

  private static func parts(_ sign: UInt8?, _ variables: [Variable]) -> [Part] {
    let hasExploded = variables.contains(where: \.isExploded)
    // A list or a map that is exploded brings names of its own.
    let names = hasExploded ? [] : variables.map(\.name)
    func stops(_ text: String) -> [UInt8] { Array(text.utf8) }
    func pairs(_ opening: Unicode.Scalar, _ separator: Unicode.Scalar, _ text: String) -> [Part] {
      [.pairs(opening: UInt8(ascii: opening), separator: UInt8(ascii: separator), names: names, stops: stops(text))]
    }
    switch sign {
    case UInt8(ascii: "+"): return [.value(stops: [])]
    case UInt8(ascii: "#"): return [.section(opening: UInt8(ascii: "#"), stops: [])]
    case UInt8(ascii: "."), UInt8(ascii: "/"):
      // One section per variable; an exploded one may be several.
      return variables.map { .section(opening: sign ?? 0, stops: stops($0.isExploded ? "?#" : "/?#")) }
    case UInt8(ascii: ";"): return pairs(";", ";", ";/?#")
    case UInt8(ascii: "?"): return pairs("?", "&", "&#")
    case UInt8(ascii: "&"): return pairs("&", "&", "&#")
    default:
      // Several values have commas between them. Servers of the field write `{path*}` for what may contain slashes.
      return [.value(stops: hasExploded ? [] : stops("/?#"))]
    }
  }
}
