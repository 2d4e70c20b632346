import Protocol

/// Values by the URIs of one server's resources, found by a URI or by a part of it. Pure.
struct URITable<Value> {
  private(set) var values: [ExactText: Value] = [:]

  init() {}

  var isEmpty: Bool { values.isEmpty }
  var count: Int { values.count }

  subscript(uri: String) -> Value? {
    get { values[ExactText(uri)] }
    set { values[ExactText(uri)] = newValue }
    _modify { yield &values[ExactText(uri)] }
  }

  subscript(uri: String, default value: Value) -> Value {
    get { values[ExactText(uri), default: value] }
    _modify { yield &values[ExactText(uri), default: value] }
  }

  /// The values of URIs that `changed` is a part of (`WatchedResource.covers`), itself not among them.
  func wholes(of changed: String) -> [Value] {
    let ends = changed.utf8.indices.filter { WatchedResource.separators.contains(changed.utf8[$0]) }
    // Looking for each beginning of the URI is the shorter way, unless it has more of them than there are URIs.
    guard 2 * ends.count < values.count else {
      let itself = ExactText(changed)
      return values.filter { $0.key != itself && WatchedResource.covers($0.key.text, changed) }.map(\.value)
    }
    var beginnings: Set<ExactText> = []
    for end in ends {
      beginnings.insert(ExactText(changed[..<end]))
      if changed.utf8[end] == UInt8(ascii: "/") { beginnings.insert(ExactText(changed[...end])) }
    }
    beginnings.remove(ExactText(changed))
    return beginnings.compactMap { values[$0] }
  }
}
