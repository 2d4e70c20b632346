import Protocol

/// The arguments of `capabilities_list` (contract §5.3). Pure.
struct CapabilityFilter: Equatable {
  /// Lower-cased, as `query`; an empty text is no condition.
  private let server: String?
  private let query: String?
  private let limit: Int?

  /// Reads the tool's arguments; null is as good as absent. The failure names the argument of a wrong type.
  static func parse(_ arguments: JSONSlice?) -> Result<CapabilityFilter, OperationFailure> {
    do throws(OperationFailure) {
      return .success(
        CapabilityFilter(
          server: try text("server", arguments), query: try text("query", arguments), limit: try limit(arguments)))
    } catch {
      return .failure(error)
    }
  }

  private static func given(_ name: String, _ arguments: JSONSlice?) -> JSONSlice? {
    arguments?.member(name).flatMap { $0.isNull ? nil : $0 }
  }

  private static func text(_ name: String, _ arguments: JSONSlice?) throws(OperationFailure) -> String? {
    guard let value = given(name, arguments) else { return nil }
    guard let text = value.string else { throw .invalidField("The argument \(name) must be a string.") }
    return text.isEmpty ? nil : text.lowercased()
  }

  private static func limit(_ arguments: JSONSlice?) throws(OperationFailure) -> Int? {
    guard let value = given("limit", arguments) else { return nil }
    // JSON Schema counts 5.0 as an integer, and so do some clients.
    guard let number = value.double, number == number.rounded() else {
      throw .invalidField("The argument limit must be an integer.")
    }
    return Int(min(max(number, 1), 100))
  }

  /// Most items of the list.
  var most: Int { limit ?? .max }

  /// Whether the list has the entry, as far as there is room.
  func matches(_ entry: any CatalogEntry) -> Bool {
    guard includes(entry.server) else { return false }
    guard let query else { return true }
    let summary = Summary.of(entry.item.member("description")?.string)
    return [entry.id, entry.server, entry.upstreamName.string ?? "", summary].contains {
      Self.contains($0.lowercased(), query)
    }
  }

  /// Whether the list has the server's readiness.
  func includes(_ server: String) -> Bool { self.server == nil || server.lowercased() == self.server }

  private static func contains(_ text: String, _ part: String) -> Bool {
    let (text, part) = (Array(text.utf8), Array(part.utf8))
    guard text.count >= part.count else { return false }
    return (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
  }
}

extension OperationFailure {
  /// An argument that is missing or of a wrong type.
  static func invalidField(_ message: String) -> OperationFailure {
    OperationFailure(status: 400, code: .invalidArgs, message: message, reason: "invalid_field")
  }
}
