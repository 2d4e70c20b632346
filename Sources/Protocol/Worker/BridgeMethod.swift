/// What a bridge says to the daemon on the control socket beside the messages of its MCP client.
package enum BridgeMethod {
  /// Notification before a request that an earlier daemon was sent, too: `id` as in the request, `askedAt` in nanoseconds
  /// of the monotonic clock when it was sent first. Without it the request would be carried out a second time.
  package static let reask = "warmplane/reask"
}
