import Configuration
import Protocol
import Supervisor

/// One request of an MCP client on its way through the front.
final class MCPCall: ReplyTarget {
  /// What the answer looks like.
  enum Form {
    /// A facade tool: the body of `/v1` as its result.
    case tool(CapabilityFilter? = nil)
    /// A native list, which the closure writes.
    case list((inout JSONWriter) -> Void)
    /// A native read or get: the upstream's own result. `name` is what the client asked for.
    case native(EntryKind, name: String)
    /// An entry of the client's view: the server's own result, and its own error. `name` is what the client asked for.
    case exposed(EntryKind, name: String, server: String)
    /// Suggestions for an argument. `name` is what the client asked about.
    case completion(EntryKind, name: String, server: String)
    /// Nothing yet: what waits and goes on then.
    case afterwards(() -> Void)
  }

  private let session: MCPSession
  let id: RequestID
  let revision: ProtocolRevision
  private let kindOfAnswer: Form
  let wishes: CallWishes
  let origin: RequestOrigin?

  init(
    _ session: MCPSession, _ id: RequestID, at revision: ProtocolRevision, _ form: Form,
    _ wishes: CallWishes = .none
  ) {
    origin = RequestOrigin(client: session.channel.client, id: id, reaskedAt: session.reasked[id])
    self.session = session
    self.id = id
    self.revision = revision
    kindOfAnswer = form
    self.wishes = wishes
  }

  var surface: String { "mcp" }
  var listFilter: CapabilityFilter? { if case .tool(let filter) = kindOfAnswer { filter } else { nil } }
  var form: String? { kindOfAnswer.text }
  var scope: Scope { session.view.scope }
  var view: MCPView? { if case .exposed = kindOfAnswer { session.view } else { nil } }
  var delivery: Delivery { session.channel.delivery }

  func reply(status: Int, body: [UInt8], allow: String?) {
    switch kindOfAnswer {
    case .tool: answerTool(body: body, isError: status != 200)
    case .list(let write):
      // A server that is shown as it is may have changed by now.
      let freshness = session.view.exposure == .direct ? MCPResult.Freshness.none : .list
      session.answer(
        id, MCPResult.response(id, at: revision, freshness: freshness, identity: session.view.identity, write))
    case .afterwards(let goOn): goOn()
    case .native, .exposed, .completion: fatalError("a native request is answered by the end of its operation")
    }
  }

  func finish(_ result: Result<JSONSlice?, OperationFailure>, requestID: JSONSlice?, traceID: String) {
    switch (kindOfAnswer, result) {
    case (.afterwards(let goOn), _): goOn()
    case (.completion, .success(let data)):
      guard let data = data.flatMap({ CompletionRequest.bounded($0) }) else {
        return session.refuse(id, code: MCPErrorCode.internalError, "The server's answer is no completion.")
      }
      let own = identity(of: data)
      session.answer(id, MCPResult.relayed(id, data, nil, plainTranslation, identity: own))
    case (.completion(let kind, let name, let server), .failure(let failure)):
      refuseExposed(failure, kind, name, server, traceID: traceID)
    case (.native, .success(let data)), (.exposed, .success(let data)):
      guard let data, data.kind == .object else {
        let failure = OperationFailure(
          status: 502, code: .upstreamError, message: "The result is not a JSON object.", executionState: .completed)
        return finish(.failure(failure), requestID: requestID, traceID: traceID)
      }
      answer(data)
    case (.native(let kind, let name), .failure(let failure)):
      refuse(failure, kind, name, traceID: traceID)
    case (.exposed(let kind, let name, let server), .failure(let failure)):
      refuseExposed(failure, kind, name, server, traceID: traceID)
    case (_, .success(let data)):
      let isError = data?.member("isError")?.bool == true
      let body = Envelope.success(requestID: requestID, traceID: traceID, data: data)
      answerTool(body: body, isError: isError, requestID: requestID, traceID: traceID)
    case (_, .failure(let failure)):
      let body = Envelope.failure(requestID: requestID, traceID: traceID, failure)
      answerTool(body: body, isError: true, requestID: requestID, traceID: traceID)
    }
  }

  private func answer(_ data: JSONSlice) {
    switch kindOfAnswer {
    case .exposed(let kind, _, let server):
      let translation = session.view.translation(of: server, at: revision)
      session.answer(id, MCPResult.relayed(id, data, kind, translation, identity: identity(of: data)))
    case .native(let kind, _):
      session.answer(id, MCPResult.relayed(id, data, kind, plainTranslation))
    case .tool, .list, .completion, .afterwards: fatalError("only the upstream's own results are passed on")
    }
  }

  /// Of what keeps the server's own URIs.
  private var plainTranslation: ResultTranslation { ResultTranslation(revision: revision, server: nil) }

  /// Whose result it is, in direct exposure: the server says so itself, or has said it at its opening.
  private func identity(of result: JSONSlice) -> JSONSlice? {
    guard session.view.exposure == .direct else { return nil }
    return result.member("_meta")?.member(MetaKey.serverInfo) ?? session.view.identity
  }

  private func answerTool(body: [UInt8], isError: Bool, requestID: JSONSlice? = nil, traceID: String = "") {
    let message = MCPResult.tool(id, at: revision, body: body, isError: isError)
    if message.count <= session.channel.largestMessage { return session.answer(id, message) }
    // The text is there twice, once escaped, so this can happen to a result that was not too large for us.
    let failure = OperationFailure(
      status: 502, code: .upstreamError,
      message:
        "The result arrived, but its \(body.count) bytes make an MCP answer of \(message.count) bytes, and at most "
        + "\(session.channel.largestMessage) are possible. HTTP /v1 and the command line can give it.",
      executionState: .completed)
    let short = Envelope.failure(requestID: requestID, traceID: traceID, failure)
    session.answer(id, MCPResult.tool(id, at: revision, body: short, isError: true))
  }

  /// Contract §5.4: what the client can correct is -32602, the rest -32603 with the error object of an envelope.
  private func refuse(_ failure: OperationFailure, _ kind: EntryKind, _ name: String, traceID: String) {
    if failure.code == kind.unknownCode {
      var writer = JSONWriter()
      writer.beginObject()
      writer.member(kind == .resource ? "uri" : "name", name)
      if case .exposed = kindOfAnswer, let nearest = failure.hint?.didYouMean, !nearest.isEmpty {
        writer.member("did_you_mean", strings: nearest)
      }
      writer.endObject()
      let data = JSONSlice(assembled: writer)
      return session.refuse(id, code: MCPErrorCode.invalidParams, failure.message, data: data)
    }
    let envelope = Envelope.failure(requestID: nil, traceID: traceID, failure)
    let code = failure.code == .invalidArgs ? MCPErrorCode.invalidParams : MCPErrorCode.internalError
    session.refuse(id, code: code, failure.message, data: JSONSlice.trusted(envelope).member("error"))
  }

  /// A server's own error stays its own; of the rest a tool tells in its result, where models read it.
  private func refuseExposed(
    _ failure: OperationFailure, _ kind: EntryKind, _ name: String, _ server: String, traceID: String
  ) {
    if let error = failure.upstreamError {
      let prefix = session.view.exposure == .direct ? "" : "\(server): "
      let translation = UpstreamErrorTranslation(
        translation: session.view.translation(of: server, at: revision), kind: kind, name: name, prefix: prefix)
      let (code, message) = translation.response(id, JSONSlice.trusted(error))
      return session.answer(id, message, error: code)
    }
    guard kind == .capability, failure.code != kind.unknownCode, failure.code != .invalidArgs else {
      return refuse(failure, kind, name, traceID: traceID)
    }
    session.answer(id, MCPResult.failedTool(id, at: revision, failure.message))
  }

  // MARK: Before the answer

  func isOf(_ session: MCPSession) -> Bool { self.session === session }

  /// The client may have cancelled its request, whose operation goes on for others.
  private var isActive: Bool { session.state.inFlight.contains(id) }

  func progressed(_ params: JSONSlice) {
    guard let token = wishes.progressToken, isActive else { return }
    session.relay(RelayedNotification.progress(params, token: token, at: revision), about: id)
  }

  /// A message of the server about this request. Returns whether it was for the client.
  func logged(_ params: JSONSlice, _ level: MessageLevel, of server: String) -> Bool {
    guard let wanted = wishes.logLevel, level >= wanted, isActive else { return false }
    session.relay(RelayedNotification.message(params, of: session.view.loggerPrefix(server)), about: id)
    return true
  }

  func began(_ operation: OperationID, abandon: @escaping () -> Void) {
    session.operations[id] = operation
    session.channel.abandons[operation] = abandon
  }

  func ended(_ operation: OperationID) {
    session.operations[id] = nil
    session.channel.abandons[operation] = nil
  }
}
