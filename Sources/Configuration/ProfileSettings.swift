/// A named part of the servers, for clients that shall see no more than it (`profiles.<name>`).
package struct ProfileSettings: Sendable, Equatable {
  /// Longest name, in characters.
  package static let longestName = 64

  package var name: String
  /// The servers that it grants; nil = all.
  package var servers: [String]?
  /// Patterns of public ids, as those of `policy`; `redactKeys` is not used.
  package var policy = PolicySettings()
  package var exposure = Exposure.compact
  /// For people.
  package var description: String?
  /// Told to MCP clients in place of our own words; nil = ours.
  package var instructions: String?

  package init(name: String) { self.name = name }

  /// A name that can stand in the path of a URL as it is: letters, digits, `.`, `_` and `-`.
  package static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= longestName && text != "." && text != ".."
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
      }
  }
}
