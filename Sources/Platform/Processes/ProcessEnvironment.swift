import Glibc

/// The environment of this process.
package enum ProcessEnvironment {
  /// The value of one variable.
  package static subscript(name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// All variables in the order in which they were given; of a repeated name the first counts, as for `getenv`.
  package static var all: [(name: String, value: String)] {
    var variables: [(name: String, value: String)] = []
    var seen: Set<String> = []
    var next = environ
    while let entry = next.pointee {
      next += 1
      let text = String(cString: entry)
      guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { continue }
      let name = String(text[..<equals])
      if seen.insert(name).inserted { variables.append((name, String(text[text.index(after: equals)...]))) }
    }
    return variables
  }
}
