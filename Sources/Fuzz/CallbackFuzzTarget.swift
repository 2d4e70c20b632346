import OAuth

/// The callback's address of a login: the same meaning in whatever pieces a request comes, and nothing counts without the
/// state.
struct CallbackFuzzTarget: FuzzTarget {
  static let name = "callback"

  static let tokens: [[UInt8]] = [
    "GET ", "POST ", "/callback", "?", "code=c", "&", "state=", "state=secret", "state=%73ecret", "iss=https://as",
    "iss=https%3A%2F%2Fas", "error=access_denied", " HTTP/1.1", " HTTP/1.0", "\r\n", "\n", "\r\n\r\n", "Host: x", " ",
    "%",
    "%00", "+", "\u{0}", "é",
  ].map { Array($0.utf8) }

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    let whole = CallbackRequest.read(input)
    let part = CallbackRequest.read(Array(input.prefix(Int.random(in: 0...input.count, using: &random))))
    try require(part == .incomplete || part == whole, "a part means something else")
    guard case .request(let request) = whole else { return }
    try require(request.path.hasPrefix("/") && !request.path.contains("?"), "no path: \(request.path)")
    var wait = LoginWait(
      path: "/callback", expected: .init(state: "secret", issuer: "https://as", requiresIssuer: true))
    let reply = wait.reply(to: request)
    let parameters = FormEncoding.decode(request.query)
    let knowsState = parameters.contains { $0.name == "state" && $0.value == "secret" }
    switch wait.outcome {
    case .code(let code):
      try require(reply.status == 200 && knowsState && request.method == "GET", "counts without the state")
      try require(parameters.contains { $0.name == "iss" && $0.value == "https://as" }, "counts without the issuer")
      try require(parameters.contains { $0.name == "code" && $0.value == code }, "another code")
    case .failed: try require(reply.status == 400 && knowsState, "fails without the state")
    case nil: try require([400, 404, 405].contains(reply.status), "answers \(reply.status)")
    }
    try require(!reply.text.contains("secret"), "tells the state")
  }

  func signature(of input: [UInt8]) -> UInt64 {
    guard case .request(let request) = CallbackRequest.read(input) else { return 0 }
    var wait = LoginWait(
      path: "/callback", expected: .init(state: "secret", issuer: "https://as", requiresIssuer: true))
    let reply = wait.reply(to: request)
    return UInt64(reply.status) << 8 | UInt64(min(FormEncoding.decode(request.query).count, 9))
  }
}
