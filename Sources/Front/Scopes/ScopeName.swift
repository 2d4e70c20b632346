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
