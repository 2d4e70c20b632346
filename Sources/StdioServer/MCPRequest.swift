package import Protocol

/// One request of a client, with the parts of its parameters that every MCP server looks at.
package struct MCPRequest {
  /// Keys of `params._meta` that the modern revision defines.
  private enum MetaKey {
    static let version = "io.modelcontextprotocol/protocolVersion"
    static let capabilities = "io.modelcontextprotocol/clientCapabilities"
  }

  package let id: RequestID
  package let method: String
  package let params: JSONSlice?

  /// Whether the answer has the shape of the modern revision. Decided for each request by its own envelope: a client
  /// whose probe timed out sends `initialize` to the same process. A server that knows one era only overwrites it.
  package var isModern: Bool

  package init(id: RequestID, method: String, params: JSONSlice?) {
    self.id = id
    self.method = method
    self.params = params
    isModern = method != "initialize" && params?.member("_meta")?.member(MetaKey.version) != nil
  }

  /// Where progress of this request may be reported; nil when the client did not ask for it.
  package var progressToken: JSONSlice? {
    guard let token = params?.member("_meta")?.member("progressToken") else { return nil }
    return token.kind == .string || token.int != nil ? token : nil
  }

  /// The arguments of `tools/call`, or of `prompts/get`.
  package var arguments: MCPArguments {
    MCPArguments(params?.member("arguments"))
  }

  /// A required string among the parameters.
  package func parameter(_ name: String) throws(MCPFailure) -> String {
    guard let text = params?.member(name)?.string else { throw .invalidParams("params.\(name) must be a string") }
    return text
  }

  /// Checks what the modern revision requires of every request: its version and the client's capabilities.
  package func checkEnvelope(supported: [String]) throws(MCPFailure) {
    let meta = params?.member("_meta")
    guard let version = meta?.member(MetaKey.version)?.string else {
      throw .invalidParams("params._meta must have \(MetaKey.version), a string")
    }
    guard meta?.member(MetaKey.capabilities)?.kind == .object else {
      throw .invalidParams("params._meta must have \(MetaKey.capabilities), an object")
    }
    // The legacy revisions may be listed as supported, but a request cannot be made in them.
    guard version == MCPVersion.modern else { throw .unsupportedVersion(version, supported: supported) }
  }
}
