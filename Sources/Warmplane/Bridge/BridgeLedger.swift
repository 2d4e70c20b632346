import Protocol

/// What the bridge remembers so that a client does not notice a new daemon: its handshake, and its requests that have no
/// answer. Pure.
struct BridgeLedger {
  /// What is to be done about a line of the client.
  enum Step {
    /// Pass it on; if nobody is there, it is remembered. With its id when it is a request.
    case forward(RequestID?)
    /// Pass it on if somebody is there; a later daemon does not need it.
    case forwardNow
    /// The same: this request, which was unanswered, is cancelled.
    case cancel(RequestID)
    case drop
    /// It is no message.
    case answer([UInt8])
  }

  /// The client's `initialize`, once it was answered.
  private var handshake: BridgeRequest?
  /// The client's `notifications/initialized`.
  private var confirmation: [UInt8]?
  private var requests: [RequestID: BridgeRequest] = [:]
  /// Requests that were cancelled after they had been sent, the oldest first: the daemon that read the cancellation may
  /// have died before it passed it on, and there may have been none.
  private var withdrawn: [(id: RequestID, sequence: Int)] = []
  private static let mostWithdrawn = 256
  private var lastSequence = 0
  private var wishes = BridgeWishes()
  /// The answer to a repeated `initialize` is not the client's.
  private var repeatedHandshake: RequestID?
  /// Acknowledgements of repeated subscriptions are not the client's.
  private var repeatedSubscriptions: Set<RequestID> = []
  /// The revision that the client proposed.
  private(set) var legacyRevision = ProtocolRevision.newestLegacy
  /// Bytes of unanswered requests.
  private(set) var heldBytes = 0

  /// Requests that an end of input waits for.
  var isAnswered: Bool { requests.values.allSatisfy(\.isSubscription) }
  var hasUnanswered: Bool { !requests.isEmpty }

  func isUnanswered(_ id: RequestID) -> Bool { requests[id] != nil }

  // MARK: From the client

  /// Takes a line that is not blank.
  mutating func note(_ line: [UInt8]) -> Step {
    let message: JSONRPCMessage
    do {
      message = try JSONRPCMessage(parsing: line)
    } catch {
      let text = "The message is invalid: \(error)"
      return .answer(JSONRPCWriter.error(id: error.id, code: error.code, message: text))
    }
    switch message.kind {
    case .request(let id, let method):
      if method == "initialize", let text = message.params?.member("protocolVersion")?.string,
        let revision = ProtocolRevision(rawValue: text), revision.era == .legacy
      {
        legacyRevision = revision
      }
      lastSequence += 1
      remove(id)
      withdrawn.removeAll { $0.id == id }
      requests[id] = BridgeRequest(id, method, message.params, line: line, sequence: lastSequence)
      heldBytes += line.count
      return .forward(id)
    case .notification("notifications/initialized"):
      confirmation = line
      return .forward(nil)
    case .notification("notifications/cancelled"):
      guard let id = message.params?.member("requestId").flatMap({ RequestID($0) }), let request = remove(id) else {
        return .drop
      }
      if request.linkEnd != nil {
        withdrawn.append((id, lastSequence))
        if withdrawn.count > Self.mostWithdrawn { withdrawn.removeFirst() }
      }
      return .cancel(id)
    // Our own word between the bridge and the daemon: a client that says it has no business with us.
    case .notification(BridgeMethod.reask): return .drop
    case .notification: return .forwardNow
    case .response, .errorResponse: return .drop  // nobody asked
    }
  }

  @discardableResult
  private mutating func remove(_ id: RequestID) -> BridgeRequest? {
    guard let request = requests.removeValue(forKey: id) else { return nil }
    heldBytes -= request.line.count
    return request
  }

  /// The request is on its way; `end` is the byte of the link behind it.
  mutating func sent(_ id: RequestID, end: Int, at moment: Int64) {
    requests[id]?.linkEnd = end
    if requests[id]?.askedAt == nil { requests[id]?.askedAt = moment }
  }

  // MARK: From the daemon

  /// What the client gets of a message of the daemon.
  enum Passage {
    case none
    case alone
    /// It answers this request.
    case answer(RequestID)
  }

  mutating func passage(of payload: [UInt8]) -> Passage {
    switch MessageHead(payload) {
    case .answer(let id, let isError):
      if id == repeatedHandshake {
        repeatedHandshake = nil
        return .none
      }
      if wishes.take(id) { return .none }
      if let request = remove(id) {
        // A daemon reads in order.
        withdrawn.removeAll { $0.sequence < request.sequence }
        // What was refused is not wished for any more.
        if !isError {
          if request.isInitialize { handshake = request }
          if let wish = request.wish { wishes.note(wish) }
        }
      }
      return .answer(id)
    case .acknowledgement:
      guard !repeatedSubscriptions.isEmpty, let message = try? JSONRPCMessage(parsing: payload),
        let id = message.params?.member("_meta")?.member(MetaKey.subscriptionID)
          .flatMap({ RequestID($0) })
      else { return .alone }
      return repeatedSubscriptions.remove(id) == nil ? .alone : .none
    case .other:
      return .alone
    }
  }

  // MARK: Between daemons

  /// The link is gone, and the daemon may have read its first `written` bytes: what it may have begun to carry out is
  /// asked of the next daemon as that. The others go to it as they are.
  mutating func lost(written: Int) {
    repeatedHandshake = nil
    repeatedSubscriptions = []
    wishes.lost()
    for (id, request) in requests where request.isExecuting && request.linkEnd.map({ $0 <= written }) ?? false {
      requests[id]?.isDoubtful = true
    }
  }

  /// Takes out all requests: there will be no daemon for them.
  mutating func giveUp() -> [BridgeRequest] {
    let all = inOrder
    for request in all { remove(request.id) }
    return all
  }

  /// What comes before a request that an earlier daemon has had.
  static func reask(_ id: RequestID, _ moment: Int64?) -> [UInt8] {
    JSONRPCWriter.notification(method: BridgeMethod.reask) { writer in
      writer.beginObject()
      writer.member("id", id)
      writer.member("askedAt", moment ?? 0)
      writer.endObject()
    }
  }

  private static func cancellation(of id: RequestID) -> [UInt8] {
    JSONRPCWriter.notification(method: "notifications/cancelled") { writer in
      writer.beginObject()
      writer.member("requestId", id)
      writer.endObject()
    }
  }

  private var inOrder: [BridgeRequest] { requests.values.sorted { $0.sequence < $1.sequence } }

  /// What a new daemon is told first: the handshake, what is not wanted any more, then what is unanswered; with the id of
  /// each request that the client waits for.
  mutating func replay() -> [(line: [UInt8], id: RequestID?)] {
    var lines: [(line: [UInt8], id: RequestID?)] = []
    var rest = inOrder
    if let handshake {
      repeatedHandshake = handshake.id
      lines.append((Self.reask(handshake.id, handshake.askedAt), nil))
      lines.append((handshake.line, nil))
    } else if let index = rest.firstIndex(where: \.isInitialize) {
      let first = rest.remove(at: index)
      lines.append((first.line, first.id))
    }
    if let confirmation { lines.append((confirmation, nil)) }
    for (id, _) in withdrawn { lines.append((Self.cancellation(of: id), nil)) }
    for line in wishes.restate() { lines.append((line, nil)) }
    for request in rest {
      // `linkEnd` tells that an earlier daemon had it and has acknowledged it, or was about to.
      let isRepeated = request.isSubscription && request.linkEnd != nil
      if isRepeated { repeatedSubscriptions.insert(request.id) }
      if isRepeated || request.isDoubtful { lines.append((Self.reask(request.id, request.askedAt), nil)) }
      lines.append((request.line, request.id))
    }
    return lines
  }
}
