import Protocol

/// What a redirect means for a request. Pure.
enum RedirectRule {
  enum Verdict: Equatable {
    /// No redirect: an ordinary answer.
    case answer
    case follow(HTTPURL)
    /// The sentence says why not.
    case refuse(String)
  }

  static let most = 5

  /// `visited`: every URL of this exchange so far, the last one being where the answer came from.
  static func verdict(
    status: Int, location: String?, request: HTTPRequest, visited: [HTTPURL]
  ) -> Verdict {
    guard [301, 302, 303, 307, 308].contains(status), let location, let from = visited.last else { return .answer }
    guard let to = from.resolving(location) else {
      return .refuse("redirects (HTTP \(status)) to what is no http or https address")
    }
    if request.redirects == .refuse {
      return .refuse("redirects (HTTP \(status)) to \(shown(to)), which is not followed")
    }
    let isSafe = request.method == "GET" || request.method == "HEAD"
    if !isSafe && status != 307 && status != 308 {
      return .refuse("redirects (HTTP \(status)) a \(request.method) to \(shown(to)), which would become a GET")
    }
    if to.origin != from.origin && !(to.isSecure && !from.isSecure && to.origin.host == from.origin.host) {
      return .refuse(
        "redirects to another origin, \(to.origin), which is not followed: configure that address if it is right")
    }
    if visited.contains(to) { return .refuse("redirects in a circle at \(shown(to))") }
    if visited.count > most { return .refuse("redirects more than \(most) times, last to \(shown(to))") }
    return .follow(to)
  }

  /// Without the query, which may carry secrets.
  private static func shown(_ url: HTTPURL) -> String { url.with(path: url.path).description }
}
