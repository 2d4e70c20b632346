/// Flags of the `auth` commands.
extension Flag {
  static let force = Flag("force", help: "Ask the network, also when the stored answer is younger than a day")

  static let noBrowser = Flag("no-browser", help: "Open no browser; print the address on standard error")

  static let loginTimeout = Flag(
    "timeout", value: .number("SECONDS"), help: "How long to wait for the answer, 1 to 3600 (default 300)")

  static let code = Flag(
    "code", value: .text("CODE"), help: "The code of the address that the browser was sent to, or - for standard input",
    isRequired: true)

  static let state = Flag(
    "state", value: .text("STATE"), help: "The state of that address; it must be the one that start printed",
    isRequired: true)

  static let issuer = Flag(
    "iss", value: .text("URL"), help: "The iss of that address, if it has one: who answered is checked then")

  static let accessToken = Flag(
    "access-token", value: .text("TOKEN"), help: "The access token, or - for standard input")

  static let accessTokenVariable = Flag(
    "access-token-env", value: .text("NAME"), help: "The variable that has the access token")

  static let refreshToken = Flag(
    "refresh-token", value: .text("TOKEN"), help: "The refresh token, or - for standard input")

  static let refreshTokenVariable = Flag(
    "refresh-token-env", value: .text("NAME"), help: "The variable that has the refresh token")

  static let expiresAt = Flag(
    "expires-at", value: .number("SECONDS"), help: "When the access token expires, in seconds since 1970")

  static let scope = Flag("scope", value: .text("SCOPE"), help: "What the token was granted, separated by spaces")

  static let clientID = Flag("client-id", value: .text("ID"), help: "The client that the token was issued to")

  static let clientSecret = Flag(
    "client-secret", value: .text("SECRET"), help: "The secret of that client, or - for standard input")

  static let clientSecretVariable = Flag(
    "client-secret-env", value: .text("NAME"), help: "The variable that has the secret of that client")
}
