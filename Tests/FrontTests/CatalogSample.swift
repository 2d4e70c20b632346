import Configuration
import Protocol
import Supervisor

@testable import Front

/// Catalogs and their parts from JSON text.
enum CatalogSample {
  static func slice(_ text: String) throws -> JSONSlice { try JSONSlice(validating: Array(text.utf8)) }

  static func text(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    write(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// A configuration with these servers, in this order, and more top-level members as JSON text.
  static func configuration(_ servers: [String], _ members: String = "") throws -> Configuration {
    let entries = servers.map { #""\#($0)": {"command": "x"}"# }.joined(separator: ",")
    let text = #"{"mcpServers": {\#(entries)}\#(members.isEmpty ? "" : ",")\#(members)}"#
    return try Configuration.parse(bytes: Array(text.utf8))
  }

  static func lists(
    tools: [String] = [], resources: [String] = [], prompts: [String] = [], templates: [String] = []
  ) throws -> ServerCatalog {
    func array(_ key: String, _ names: [String]) -> String {
      names.map { #"{"\#(key)":"\#($0)"}"# }.joined(separator: ",")
    }
    return ServerCatalog(
      try slice(
        """
        {"hash":"h","tools":[\(array("name", tools))],"resources":[\(array("uri", resources))],\
        "prompts":[\(array("name", prompts))],"resourceTemplates":[\(array("uriTemplate", templates))]}
        """))
  }
}
