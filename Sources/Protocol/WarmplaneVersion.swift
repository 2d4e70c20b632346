/// The version every program of the package reports: `--version`, the `hello` handshakes, `clientInfo` and `serverInfo`.
package enum WarmplaneVersion {
  package static let current = "0.1.0"
}
