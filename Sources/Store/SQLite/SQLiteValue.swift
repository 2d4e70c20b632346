/// What is bound to a parameter of a statement.
enum SQLiteValue: Sendable, Equatable {
  case null
  case integer(Int64)
  /// Any UTF-8, NUL included.
  case text(String)
  case blob([UInt8])

  init(_ text: String?) { self = text.map(Self.text) ?? .null }
  init(_ bytes: [UInt8]?) { self = bytes.map(Self.blob) ?? .null }
}
