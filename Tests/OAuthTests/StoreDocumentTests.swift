import OAuth
import Testing

@testable import struct OAuth.StoreDocument

/// What is read from a store, and what a change makes of its text.
struct StoreDocumentTests {
  @Test func anEntryOfOpenCode() throws {
    let sample = try StoreSample(
      """
      {
        "figma": {
          "tokens": {
            "accessToken": "a",
            "refreshToken": "r",
            "expiresAt": 1767225600.9,
            "scope": "x y"
          },
          "clientInfo": {
            "clientId": "c",
            "clientSecret": "s",
            "clientIdIssuedAt": 1,
            "clientSecretExpiresAt": 0
          },
          "codeVerifier": "v",
          "oauthState": "o",
          "serverUrl": "https://mcp.figma.com/mcp"
        }
      }
      """)
    var expected = StoreEntry()
    expected.tokens = StoredTokens(accessToken: "a", refreshToken: "r", expiresAt: 1_767_225_600, scope: "x y")
    expected.clientInfo = StoredClient(clientID: "c", clientSecret: "s", issuedAt: 1, secretExpiresAt: 0)
    expected.codeVerifier = "v"
    expected.oauthState = "o"
    expected.serverURL = "https://mcp.figma.com/mcp"
    #expect(try sample.store.read().entry("figma") == expected)
    #expect(try sample.store.read().entry("other") == nil)
  }

  @Test(arguments: [
    (#"{"k":{"tokens":{"expiresAt":-1}}}"#, "/k/tokens/expiresAt is not a number of seconds"),
    (#"{"k":{"tokens":{"expiresAt":-0.5}}}"#, "/k/tokens/expiresAt is not a number of seconds"),
    (#"{"k":{"tokens":{"expiresAt":"1"}}}"#, "/k/tokens/expiresAt is not a number of seconds"),
    (#"{"k":{"tokens":{"expiresAt":1e999}}}"#, "/k/tokens/expiresAt is not a number of seconds"),
    (#"{"k":{"tokens":{"expiresAt":true}}}"#, "/k/tokens/expiresAt is not a number of seconds"),
    (#"{"k":{"tokens":{"accessToken":1}}}"#, "/k/tokens/accessToken is not a string"),
    (#"{"k":{"tokens":[]}}"#, "/k/tokens is not an object"),
    (#"{"k":{"discovery":{"scopesSupported":["a",1]}}}"#, "/k/discovery/scopesSupported is not an array of strings"),
    (#"{"k":{"discovery":{"tokenEndpoint":{}}}}"#, "/k/discovery/tokenEndpoint is not a string"),
    (#"{"k":1}"#, "/k is not an object"),
    (#"{"k":null}"#, "/k is not an object"),
    (#"[]"#, "it is not an object"),
    (#""#, "no JSON value at line 1, column 1"),
    ("{\n  \"k\": {", "unexpected end of JSON at line 2, column 9"),
    (#"{"k":{},"k":{}}"#, "/k is there twice"),
    (#"{"k":{"tokens":{},"tokens":{}}}"#, "/k/tokens is there twice"),
    (#"{"a/b~c":[]}"#, "/a~1b~0c is not an object"),
  ])
  func aFileThatIsNotAsItMustBe(_ row: (text: String, objection: String)) throws {
    #expect(try StoreSample.objection(to: row.text) == row.objection)
  }

  @Test(arguments: [
    ("0", 0), ("-0.0", 0), ("1.99", 1), ("1.7e9", 1_700_000_000), ("9007199254740993", 9_007_199_254_740_993),
    ("1e300", Int64.max), ("null", nil),
  ])
  func expiry(_ row: (text: String, seconds: Int64?)) throws {
    let sample = try StoreSample(#"{"k":{"tokens":{"accessToken":"a","expiresAt":\#(row.text)}}}"#)
    #expect(try sample.store.read().entry("k")?.tokens?.expiresAt == row.seconds)
  }

  @Test func nullIsAbsent() throws {
    let sample = try StoreSample(
      #"{"k":{"tokens":null,"clientInfo":{"clientId":null},"oauthState":null,"discovery":{"scopesSupported":null}}}"#)
    var expected = StoreEntry()
    expected.clientInfo = StoredClient(clientID: "")
    expected.discovery = DiscoveryRecord()
    #expect(try sample.store.read().entry("k") == expected)
  }

  /// All that is not ours keeps its bytes: numbers, escapes, order, other keys, at every level.
  @Test func whatWeDoNotKnowStays() throws {
    func text(token: String, afterExpiry: String, afterVendor: String) -> String {
      #"""
      {
        "a\u0062c": {
          "tokens": {
            "accessToken": "\u00e9\/",
            "expiresAt": 1.0,
            "extra": 12345678901234567890123
          },
          "mine": [
            1E+2,
            {},
            []
          ]
        },
        "k": {
          "first": 1.50,
          "tokens": {
            "tokenType": "bea\u0072er",
            "accessToken": "\#(token)",
            "expiresAt": 5.5\#(afterExpiry)
          },
          "discovery": {
            "vendor": {
              "x": -0.0
            }\#(afterVendor)
          },
          "last": "\ud83d\ude00"
        },
        "z": {}
      }

      """#
    }
    let sample = try StoreSample(text(token: "old", afterExpiry: "", afterVendor: ""))
    try sample.store.update("k") { entry in
      entry?.tokens?.accessToken = "new"
      entry?.tokens?.refreshToken = "r"
      entry?.discovery?.tokenEndpoint = "https://as.example/token"
    }
    #expect(
      sample.text
        == text(
          token: "new", afterExpiry: ",\n      \"refreshToken\": \"r\"",
          afterVendor: ",\n      \"tokenEndpoint\": \"https://as.example/token\""))
  }

  @Test func aNewEntryInFull() throws {
    let sample = try StoreSample()
    try sample.store.update("a \"quoted\" key") { entry in
      var new = StoreEntry()
      new.tokens = StoredTokens(accessToken: "a", expiresAt: 7)
      new.clientInfo = StoredClient(clientID: "c", issuedAt: 3)
      new.codeVerifier = "v"
      new.oauthState = "s"
      new.pendingLogin = PendingLogin(redirectURI: "http://127.0.0.1:1/c", scope: "x", startedAt: 2)
      new.serverURL = "https://e.example/mcp"
      var record = DiscoveryRecord()
      record.authorizationServer = "https://as.example"
      record.scopesSupported = []
      record.codeChallengeMethodsSupported = ["S256"]
      record.authorizationResponseIssParameterSupported = true
      record.discoveredAt = 1
      new.discovery = record
      new.challengedScope = "y"
      entry = new
    }
    #expect(
      sample.text == """
        {
          "a \\"quoted\\" key": {
            "tokens": {
              "accessToken": "a",
              "expiresAt": 7
            },
            "clientInfo": {
              "clientId": "c",
              "clientIdIssuedAt": 3
            },
            "codeVerifier": "v",
            "oauthState": "s",
            "pendingLogin": {
              "redirectUri": "http://127.0.0.1:1/c",
              "scope": "x",
              "startedAt": 2
            },
            "serverUrl": "https://e.example/mcp",
            "discovery": {
              "authorizationServer": "https://as.example",
              "scopesSupported": [],
              "codeChallengeMethodsSupported": [
                "S256"
              ],
              "authorizationResponseIssParameterSupported": true,
              "discoveredAt": 1
            },
            "challengedScope": "y"
          }
        }

        """)
  }

  /// Every member that is written is read again as it was.
  @Test func everyMemberSurvives() throws {
    var entry = StoreEntry()
    entry.tokens = StoredTokens(accessToken: "a", refreshToken: "r", expiresAt: .max, scope: "s t")
    entry.tokens?.dpopKey = "-----BEGIN PRIVATE KEY-----\nx\n"
    entry.clientInfo = StoredClient(clientID: "c", clientSecret: "s", issuedAt: -4, secretExpiresAt: -1)
    entry.clientInfo?.tokenEndpointAuthMethod = "client_secret_basic"
    entry.codeVerifier = "v"
    entry.oauthState = "o"
    entry.pendingLogin = PendingLogin(redirectURI: "u", scope: nil, startedAt: 0)
    entry.pendingLogin?.client = StoredClient(clientID: "p", clientSecret: "q")
    entry.serverURL = "w"
    var record = DiscoveryRecord()
    record.resourceMetadataURL = "1"
    record.authorizationServer = "2"
    record.authorizationMetadataURL = "3"
    record.authorizationEndpoint = "4"
    record.tokenEndpoint = "5"
    record.registrationEndpoint = "6"
    record.scopesSupported = ["7", ""]
    record.codeChallengeMethodsSupported = ["8"]
    record.tokenEndpointAuthMethodsSupported = []
    record.authorizationResponseIssParameterSupported = false
    record.clientIDMetadataDocumentSupported = true
    record.resourceScopesSupported = ["9"]
    record.initialScope = "10"
    record.offlineAccessSupported = true
    record.dpopBoundAccessTokensRequired = false
    record.discoveredAt = 11
    entry.discovery = record
    entry.challengedScope = "c"
    entry.stepUps = StepUps(count: 2, configuredScope: "s")
    entry.unproven = UnprovenToken(hash: "h", since: 12)
    let sample = try StoreSample()
    try sample.store.update("") { $0 = entry }
    #expect(try sample.store.read().entry("") == entry)
    #expect(!Mirror(reflecting: entry).children.contains { "\($0.value)" == "nil" }, "a new member is not in this test")
  }

  @Test func whatIsRemovedGoes() throws {
    let sample = try StoreSample(#"{"k":{"tokens":{"accessToken":"a","refreshToken":null},"oauthState":null,"x":1}}"#)
    try sample.store.update("k") { $0?.tokens?.accessToken = "b" }
    #expect(
      sample.text == """
        {
          "k": {
            "tokens": {
              "accessToken": "b"
            },
            "x": 1
          }
        }

        """)
    try sample.store.update("k") { $0 = nil }
    #expect(sample.text == "{}\n")
  }
}
