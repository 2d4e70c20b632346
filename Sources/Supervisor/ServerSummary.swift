/// How many servers are in which state, in one line: `12 servers: 10 ready, 1 needs_auth, 1 restarting`.
package struct ServerSummary: Sendable, Equatable {
  package let text: String

  /// `words`: the state of each server, as `status` shows it.
  init(words: [String]) {
    var counts: [String: Int] = [:]
    for word in words { counts[word, default: 0] += 1 }
    // What is well first, then by name.
    let order = counts.sorted { ($0.key != "ready" ? 1 : 0, $0.key) < ($1.key != "ready" ? 1 : 0, $1.key) }
    let servers = words.count == 1 ? "1 server" : "\(words.count) servers"
    text = order.isEmpty ? "no servers" : "\(servers): \(order.map { "\($0.value) \($0.key)" }.joined(separator: ", "))"
  }
}

extension WorkerSupervisor {
  /// The configured servers at this moment.
  package var summary: ServerSummary { ServerSummary(words: servers.map(\.machine.word)) }
}
