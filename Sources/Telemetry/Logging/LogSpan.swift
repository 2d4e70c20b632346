/// The operation inside which a record was written.
package struct LogSpan: Sendable, Equatable {
  package let name: String
  package let fields: [LogField]

  package init(_ name: String, _ fields: [LogField] = []) {
    self.name = name
    self.fields = fields
  }

  var cost: Int { fields.reduce(name.utf8.count) { $0 + $1.cost } }
}
