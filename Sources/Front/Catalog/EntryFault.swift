import Protocol
import Supervisor

/// An entry of a server's list that is not as MCP's schema says.
struct EntryFault: Sendable, Equatable {
  /// Faulty entries of one server that are named.
  static let most = 20

  let server: String
  let list: ListKind
  /// The entry's own; nil when it has none, and is left out.
  let name: String?
  /// What is mended or left out where lists of several servers show it.
  let members: [String]

  /// Those of a server's lists, each list in its order.
  static func all(in lists: ServerCatalog, of server: String) -> [EntryFault] {
    var faults: [EntryFault] = []
    func look(
      _ list: ListKind, _ items: [JSONSlice], _ nameMember: String, _ shapes: [String: EntryShape], needs: [String] = []
    ) {
      for item in items where faults.count < most {
        let name = item.member(nameMember)?.string
        let members = name == nil ? [nameMember] : EntryShape.faults(of: item, shapes, needs: needs)
        guard !members.isEmpty else { continue }
        faults.append(EntryFault(server: server, list: list, name: name, members: members))
      }
    }
    look(.tools, lists.tools, "name", EntryShape.members(.capability, isStrict: false), needs: ["inputSchema"])
    look(.resources, lists.resources, "uri", EntryShape.members(.resource, isStrict: false))
    look(.resourceTemplates, lists.resourceTemplates, "uriTemplate", EntryShape.template)
    look(.prompts, lists.prompts, "name", EntryShape.members(.prompt, isStrict: false))
    return faults
  }
}
