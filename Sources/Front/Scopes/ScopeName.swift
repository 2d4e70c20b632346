import Protocol

/// What a client asks to see, as it names it: nothing in particular, a server, or a profile.
enum ScopeName: Sendable, Hashable {
  case everything
  case server(String)
  case profile(String)

  /// As `status` and paths write it: the server's id, or the profile's name behind an `@`; nil for everything.
  var text: String? {
    switch self {
    case .everything: nil
    case .server(let id): id
    case .profile(let name): "@\(name)"
    }
  }

  /// The scope of a request to MCP whose path stands for this one: `?profile=` and `X-Warmplane-Profile` choose what the
  /// path leaves open, and contradict nothing.
  func agreeing(with head: RequestHead) throws(MCPHTTPRefusal) -> ScopeName {
    guard let asked = ScopeName.asked(head) else { throw MCPHTTPRefusal(ScopeName.ambiguous) }
    if asked == .everything || asked == self { return self }
    guard self == .everything else {
      throw MCPHTTPRefusal(
        status: 400, message: "The path stands for \(text ?? "") already; ask for one profile, there or by ?profile=")
    }
    return asked
  }

  /// Byte for byte, as ids are compared everywhere.
  static func == (left: ScopeName, right: ScopeName) -> Bool {
    switch (left, right) {
    case (.everything, .everything): true
    case (.server(let one), .server(let other)), (.profile(let one), .profile(let other)): one.isExactly(other)
    default: false
    }
  }

  func hash(into hasher: inout Hasher) { hasher.combine(text.map { ExactText($0) }) }

  /// Reads the members `server` and `profile` of a request; of both the server counts.
  init(_ params: JSONSlice?) {
    if let server = params?.member("server")?.string {
      self = .server(server)
    } else if let profile = params?.member("profile")?.string {
      self = .profile(profile)
    } else {
      self = .everything
    }
  }
}
