package import Protocol

/// The arguments of a call, read one by one. A missing or wrong one fails the call as a tool error that names it.
package struct MCPArguments {
  /// The arguments as the client wrote them; nil when there are none.
  package let json: JSONSlice?

  package init(_ json: JSONSlice?) {
    self.json = json
  }

  /// The JSON text as it arrived, `{}` when there is none.
  package var text: String {
    guard let json else { return "{}" }
    return String(decoding: json.bytes, as: UTF8.self)
  }

  package func string(_ name: String) throws(MCPFailure) -> String {
    guard let value = json?.member(name)?.string else { throw .tool("\"\(name)\" must be a string") }
    return value
  }

  package func number(_ name: String) throws(MCPFailure) -> Double {
    guard let value = json?.member(name), value.kind == .number, let number = value.double else {
      throw .tool("\"\(name)\" must be a number")
    }
    return number
  }

  /// An integer in `range`; `fallback` stands for a missing one, and without it the argument is required.
  package func integer(
    _ name: String, in range: ClosedRange<Int>, default fallback: Int? = nil
  ) throws(MCPFailure) -> Int {
    let given = json?.member(name)
    if given == nil, let fallback { return fallback }
    guard let number = given?.int, range.contains(number) else {
      throw .tool("\"\(name)\" must be an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
