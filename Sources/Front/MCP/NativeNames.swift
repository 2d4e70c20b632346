import Protocol

/// Under which URIs and names MCP's own methods show resources and prompts (contract §5.4). Pure.
///
/// Of several servers with the same one the first in the order of the configuration keeps it, policy or not, so that a
/// name does not move when a policy changes.
struct NativeNames: Sendable {
  private var names: [String: String] = [:]
  private var ids: [String: String] = [:]

  init(_ catalog: Catalog, _ kind: EntryKind) {
    let rank = Dictionary(uniqueKeysWithValues: catalog.order.enumerated().map { ($1, $0) })
    let entries = catalog.sorted(kind)
    let inOrder = entries.enumerated().sorted { left, right in
      let (first, second) = (rank[left.element.server] ?? .max, rank[right.element.server] ?? .max)
      return (first, left.offset) < (second, right.offset)
    }
    var displaced: [any CatalogEntry] = []
    for (_, entry) in inOrder {
      let name = Self.plainName(of: entry)
      if ids[name] == nil { add(entry.id, name) } else { displaced.append(entry) }
    }
    for entry in displaced { add(entry.id, Self.distinctName(of: entry)) }
  }

  /// The listed name of a public id.
  func name(of id: String) -> String { names[id] ?? id }

  /// The public id that a client means by a listed name, or by the public id itself.
  func id(of name: String) -> String { ids[name] ?? name }

  private mutating func add(_ id: String, _ name: String) {
    names[id] = name
    if ids[name] == nil { ids[name] = id }
  }

  private static func plainName(of entry: any CatalogEntry) -> String {
    let upstream = entry.upstreamName.string ?? entry.id
    // A prompt that has an alias is known by it; a resource keeps its URI.
    return entry is PromptEntry && entry.id != "\(entry.server).\(upstream)" ? entry.id : upstream
  }

  private static func distinctName(of entry: any CatalogEntry) -> String {
    guard entry is ResourceEntry else { return entry.id }
    return "warmplane://\(escaped(entry.server))/\(escaped(entry.upstreamName.string ?? entry.id))"
  }

  /// Percent-encodes all but the unreserved characters (RFC 3986 §2.3).
  static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default:
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
