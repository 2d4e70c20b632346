package import Protocol

/// One event field of a record. A nil value is printed as null.
package struct LogField: Sendable, Equatable {
  package enum Value: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case double(Double)
    case bool(Bool)
    case null
  }

  package let name: String
  package let value: Value

  package init(_ name: String, _ value: Value) {
    self.name = name
    self.value = value
  }

  package init(_ name: String, _ text: String?) { self.init(name, text.map(Value.string) ?? .null) }
  package init(_ name: String, _ number: Int?) { self.init(name, number.map(Value.integer) ?? .null) }
  package init(_ name: String, _ number: Double?) { self.init(name, number.map(Value.double) ?? .null) }
  package init(_ name: String, _ flag: Bool?) { self.init(name, flag.map(Value.bool) ?? .null) }

  package func write(to writer: inout JSONWriter) {
    switch value {
    case .string(let text): writer.member(name, text)
    case .integer(let number): writer.member(name, number)
    case .double(let number): writer.member(name, number)
    case .bool(let flag): writer.member(name, flag)
    case .null: writer.nullMember(name)
    }
  }

  /// What the field occupies while it waits, roughly.
  var cost: Int {
    guard case .string(let text) = value else { return name.utf8.count + 16 }
    return name.utf8.count + text.utf8.count
  }
}
