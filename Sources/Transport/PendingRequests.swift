package import Platform
package import Protocol

/// Why a request of ours got no result.
package enum RequestFailure: Error, Sendable, CustomStringConvertible {
  /// The peer answered with an error.
  case refused(code: Int, message: String, data: JSONSlice?)
  case timedOut(milliseconds: Int)
  /// The connection ended first.
  case disconnected(String)

  package var description: String {
    switch self {
    case .refused(_, let message, _): message
    case .timedOut(let milliseconds): "no answer within \(milliseconds) ms"
    case .disconnected(let reason): reason
    }
  }
}

/// Matches responses to requests by integer id, with a deadline for each. Loop-confined. Each handler is called exactly
/// once: with the result, the error, the passed deadline, or the end of the connection.
package final class PendingRequests {
  package typealias Handler = (Result<JSONSlice, RequestFailure>) -> Void

  private struct Entry {
    let handler: Handler
    let timer: Timer?
  }

  private let loop: EventLoop
  private var entries: [Int64: Entry] = [:]
  private var lastID: Int64 = 0

  package init(loop: EventLoop) { self.loop = loop }

  package var count: Int { entries.count }

  /// Enters a request and returns the id to send it with.
  package func add(timeout: Duration?, _ handler: @escaping Handler) -> RequestID {
    lastID += 1
    let id = lastID
    let timer = timeout.map { timeout in
      loop.schedule(after: timeout) { [weak self] in
        self?.complete(id, .failure(.timedOut(milliseconds: timeout.wholeMilliseconds)))
      }
    }
    entries[id] = Entry(handler: handler, timer: timer)
    return .int(id)
  }

  /// Takes a response or an error response. False when nobody waits for it.
  @discardableResult
  package func take(_ message: JSONRPCMessage) -> Bool {
    switch message.kind {
    case .response(.int(let id)):
      guard let result = message.result else { return false }
      return complete(id, .success(result))
    case .errorResponse(.int(let id)?):
      return complete(
        id,
        .failure(
          .refused(
            code: message.errorCode ?? 0, message: message.errorMessage ?? "unnamed error",
            data: message.error?.member("data"))))
    default: return false
    }
  }

  /// Nothing that waits now has a deadline any more: nobody reads the responses.
  package func stopClocks() { for entry in entries.values { entry.timer?.cancel() } }

  /// Fails everything that waits.
  package func failAll(_ reason: String) {
    let ids = entries.keys.sorted()
    for id in ids { complete(id, .failure(.disconnected(reason))) }
  }

  @discardableResult
  private func complete(_ id: Int64, _ result: Result<JSONSlice, RequestFailure>) -> Bool {
    guard let entry = entries.removeValue(forKey: id) else { return false }
    entry.timer?.cancel()
    entry.handler(result)
    return true
  }
}
