import Store

/// Rows whose contents follow from a number, so that a reader can tell whether one is whole.
enum Samples {
  /// The same `version` always gives the same bytes; different ones have different lengths and bytes.
  static func row(_ server: String, version: Int, bytes: Int = 3_000) -> StoredCatalog {
    var random = SplitMix(seed: UInt64(version) &* 2_654_435_761 &+ 1)
    let count = bytes / 2 + Int(random.next() % UInt64(bytes))
    let lists = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    return StoredCatalog(
      server: server, fingerprint: "f1", listing: .init(hash: "\(version)", lists: lists, era: "2025-11-25"))
  }

  /// The version of a whole row, or nil.
  static func version(of row: StoredCatalog, bytes: Int = 3_000) -> Int? {
    guard let version = row.listing.flatMap({ Int($0.hash) }),
      row == Samples.row(row.server, version: version, bytes: bytes)
    else { return nil }
    return version
  }

  /// A realistic listing of `tools` tools.
  static func realistic(_ server: Int, tools: Int) -> StoredCatalog {
    var json = #"{"tools":["#
    for tool in 0..<tools {
      if tool > 0 { json += "," }
      json += #"{"name":"tool_\#(server)_\#(tool)","description":""#
      json += String(repeating: "Does something useful with the thing that is named by its first argument. ", count: 5)
      json += #"","inputSchema":{"type":"object","properties":{"path":{"type":"string","description":"where"},"#
      json += #""limit":{"type":"integer","minimum":1,"maximum":1000,"default":50},"recursive":{"type":"boolean"}},"#
      json += #""required":["path"]},"annotations":{"readOnlyHint":true,"openWorldHint":false}}"#
    }
    json += #"],"resources":[],"resourceTemplates":[],"prompts":[]}"#
    return StoredCatalog(
      server: "server\(server)", fingerprint: "f\(server)",
      listing: .init(hash: "h\(server)", lists: Array(json.utf8), era: "2025-11-25"))
  }
}

/// SplitMix64: small, seeded, the same everywhere.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
