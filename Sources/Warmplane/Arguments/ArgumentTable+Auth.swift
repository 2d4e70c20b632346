/// The commands that get and keep credentials.
extension ArgumentTable {
  private static let group = "OAuth"
  private static let server = Command.Operand(name: "server", help: "A server of the config file with auth type oauth")

  static let authDiscover = Command(
    name: "auth discover", group: group, summary: "Find the authorization server of a server",
    details: """
      Asks the server, and then its authorization server, where to log in and how (RFC 9728, RFC 8414), and keeps the \
      answer in the credential store. It asks the network every time. If that fails, the endpoints of the config file \
      are taken, if there are any.
      """,
    operands: [server], flags: [.force],
    examples: [.init(line: "warmplane auth discover figma", note: "can it work at all?")],
    run: AuthDiscoverCommand.run)

  static let authLogin = Command(
    name: "auth login", group: group, summary: "Log in to a server with a browser",
    details: """
      Opens the authorization server's page in a browser, waits up to five minutes for the answer on a loopback \
      address, and keeps the tokens. Ctrl-C gives up. Where no browser can be opened, the address is printed on \
      standard error: any browser on this machine will do, or one whose loopback port leads here.
      """,
    operands: [server], flags: [.force, .noBrowser, .loginTimeout],
    examples: [
      .init(line: "warmplane auth login figma", note: "the usual way"),
      .init(line: "warmplane auth login figma --no-browser", note: "open the printed address yourself"),
    ],
    run: AuthLoginCommand.run)

  static let authStart = Command(
    name: "auth start", group: group, summary: "Begin a login by hand",
    details: """
      Prints the address to open in a browser anywhere. Afterwards the browser stands at an address that begins with \
      the redirectUri; its code and state are for "auth exchange".
      """,
    operands: [server], flags: [.force],
    examples: [
      .init(line: "warmplane auth start figma | jq -r .authorizationUrl", note: "the address only")
    ],
    run: AuthStartCommand.run)

  static let authExchange = Command(
    name: "auth exchange", group: group, summary: "Finish a login by hand",
    details: """
      Turns the code of a login that "auth start" began into tokens, and keeps them. Each code works once, for a short \
      time.
      """,
    operands: [server], flags: [.code, .state, .issuer],
    examples: [
      .init(
        line: "warmplane auth exchange figma --code 9a8b --state x7Yz --iss https://figma.com",
        note: "all three as they stand in the browser's address")
    ],
    run: AuthExchangeCommand.run)

  static let authStatus = Command(
    name: "auth status", group: group, summary: "Show which servers have credentials",
    details: """
      Prints for each server with auth type oauth what the credential store has, without secrets, and whether it can be \
      used: authenticated, expired or not_authenticated. Asks no network.
      """,
    operands: [.init(name: "server", help: "Only this server", isOptional: true)],
    examples: [
      .init(line: "warmplane auth status", note: "all of them"),
      .init(line: "warmplane auth status figma | jq -r '.servers[].authStatus'", note: "for a script"),
    ],
    run: AuthStatusCommand.run)

  static let authRefresh = Command(
    name: "auth refresh", group: group, summary: "Renew the access token of a server",
    details: """
      Asks for a new access token with the stored refresh token. The daemon does so by itself before a token expires; \
      this is for a look whether it works.
      """,
    operands: [server],
    examples: [.init(line: "warmplane auth refresh figma", note: "at once, however fresh the token is")],
    run: AuthRefreshCommand.run)

  static let authImport = Command(
    name: "auth import", group: group, summary: "Keep tokens that come from elsewhere",
    details: """
      Puts tokens that were obtained elsewhere into the credential store. A secret on the command line is visible to \
      other users while the command runs, and stays in the history of the shell: name a variable, or give - and write \
      the secret to standard input.
      """,
    operands: [server],
    flags: [
      .accessToken, .accessTokenVariable, .refreshToken, .refreshTokenVariable, .expiresAt, .scope, .clientID,
      .clientSecret, .clientSecretVariable,
    ],
    examples: [
      .init(line: "warmplane auth import linear --access-token-env LINEAR_TOKEN", note: "from a variable"),
      .init(line: "pass show linear | warmplane auth import linear --access-token -", note: "from a pipe"),
    ],
    run: AuthImportCommand.run)

  static let authLogout = Command(
    name: "auth logout", group: group, summary: "Forget the credentials of a server",
    details: """
      Removes everything that the credential store has for a server. The authorization server is not told: its tokens \
      are good until they expire.
      """,
    operands: [server],
    examples: [.init(line: "warmplane auth logout figma", note: "\"auth login\" is the way back")],
    run: AuthLogoutCommand.run)
}
