import Configuration
import Testing

/// Members of another type than they must have: row 16 of the table of errors in the contract.
@Suite struct ConfigurationTypeTests {
  @Test(arguments: [
    (#""port":"9090""#, "/port: ", "an integer 0..65535", "a string"),
    (#""port":65536"#, "/port: ", "an integer 0..65535", "65536"),
    (#""port":-1"#, "/port: ", "an integer 0..65535", "-1"),
    (#""port":1.5"#, "/port: ", "an integer 0..65535", "1.5"),
    (#""port":99999999999999999999"#, "/port: ", "an integer 0..65535", "99999999999999999999"),
    (#""bind":1"#, "/bind: ", "a string", "1"),
    (#""maxBodyBytes":0"#, "/maxBodyBytes: ", "an integer 1..67108864", "0"),
    (#""toolTimeoutMs":-1"#, "/toolTimeoutMs: ", "an integer >= 0", "-1"),
    (#""listWaitMs":true"#, "/listWaitMs: ", "an integer >= 0", "true"),
    (#""authStorePath":[]"#, "/authStorePath: ", "a string", "an array"),
    (#""$schema":1"#, "/$schema: ", "a string", "1"),
    (#""policy":[]"#, "/policy: ", "an object", "an array"),
    (#""policy":{"allow":null}"#, "/policy/allow: ", "an array of strings", "null"),
    (#""policy":{"redactKeys":[1]}"#, "/policy/redactKeys/0: ", "a string", "1"),
    (#""daemon":null"#, "/daemon: ", "an object", "null"),
    (#""daemon":{"probeSeconds":"1"}"#, "/daemon/probeSeconds: ", "an integer >= 0", "a string"),
    (#""daemon":{"startsPerCore":0}"#, "/daemon/startsPerCore: ", "an integer 1..64", "0"),
    (#""allowedHosts":null"#, "/allowedHosts: ", "an array of strings", "null"),
    (#""allowedOrigins":"o""#, "/allowedOrigins: ", "an array of strings", "a string"),
    (#""capabilityAliases":null"#, "/capabilityAliases: ", "an object", "null"),
    (#""resourceAliases":{"a":null}"#, "/resourceAliases/a: ", "a string", "null"),
    (#""promptAliases":{"a/b~c":{}}"#, "/promptAliases/a~1b~0c: ", "a string", "an object"),
  ])
  func wrongTypeAtTheTop(_ member: String, _ pointer: String, _ wanted: String, _ found: String) {
    #expect(
      findings(in: "{\(member),\"mcpServers\":{}}").map(withoutPosition) == [
        "\(pointer)failed to parse config JSON: expected \(wanted), found \(found)"
      ])
  }

  @Test(arguments: [
    (#""command":1"#, "/command", "a string", "1"),
    (#""command":"c","args":null"#, "/args", "an array of strings", "null"),
    (#""command":"c","args":["a",2]"#, "/args/1", "a string", "2"),
    (#""command":"c","env":null"#, "/env", "an object", "null"),
    (#""command":"c","env":{"A":1}"#, "/env/A", "a string", "1"),
    (#""command":"c","cwd":false"#, "/cwd", "a string", "false"),
    (#""url":{}"#, "/url", "a string", "an object"),
    (#""url":"u","headers":null"#, "/headers", "an object", "null"),
    (#""url":"u","headers":{"A":null}"#, "/headers/A", "a string", "null"),
    (#""url":"u","protocolVersion":1"#, "/protocolVersion", "a string", "1"),
    (#""url":"u","allowStateless":"yes""#, "/allowStateless", "true or false", "a string"),
    (#""url":"u","auth":"bearer""#, "/auth", "an object", "a string"),
    (#""url":"u","auth":{"type":1}"#, "/auth/type", "a string", "1"),
    (#""url":"u","auth":{"type":"bearer","token":1}"#, "/auth/token", "a string", "1"),
    (#""url":"u","auth":{"type":"basic","username":1,"password":"p"}"#, "/auth/username", "a string", "1"),
    (
      #""url":"u","auth":{"type":"oauth","codeChallengeMethodsSupported":null}"#,
      "/auth/codeChallengeMethodsSupported", "an array of strings", "null"
    ),
    (#""url":"u","auth":{"type":"oauth","grant":1}"#, "/auth/grant", "a string", "1"),
    (#""url":"u","auth":{"type":"oauth","allowLoopback":"no"}"#, "/auth/allowLoopback", "true or false", "a string"),
    (#""url":"u","caFile":1"#, "/caFile", "a string", "1"),
    (#""url":"u","type":1"#, "/type", "a string", "1"),
    (#""url":"u","disabled":0"#, "/disabled", "true or false", "0"),
    (#""url":"u","timeout":"5s""#, "/timeout", "an integer >= 0", "a string"),
  ])
  func wrongTypeInAServer(_ members: String, _ pointer: String, _ wanted: String, _ found: String) {
    #expect(
      serverFindings(members).map(withoutPosition) == [
        "/mcpServers/s\(pointer): failed to parse config JSON: server \"s\": expected \(wanted), found \(found)"
      ])
  }
}
