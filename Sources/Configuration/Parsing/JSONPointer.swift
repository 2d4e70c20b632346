/// A place in a JSON document (RFC 6901), built from the root downwards. A step costs nothing but its link: the text is
/// made only for places that have a problem.
indirect enum JSONPointer: Sendable {
  case root
  case member(of: JSONPointer, String)
  case item(of: JSONPointer, Int)

  var text: String {
    var tokens: [String] = []
    var rest = self
    while true {
      switch rest {
      case .root:
        return tokens.reversed().map { "/\($0)" }.joined()
      case .member(let parent, let name):
        tokens.append(Self.escaped(name))
        rest = parent
      case .item(let parent, let index):
        tokens.append(String(index))
        rest = parent
      }
    }
  }

  private static func escaped(_ token: String) -> String {
    var escaped = ""
    for scalar in token.unicodeScalars {
      switch scalar {
      case "~": escaped += "~0"
      case "/": escaped += "~1"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
