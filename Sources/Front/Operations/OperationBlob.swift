import Platform
import Protocol

/// Who asked, as it travels with an operation to the worker and back: enough to deliver the answer when the daemon that
/// took the request has gone. At most `CallFrame.longestBlob` bytes.
struct OperationBlob {
  /// A client's text longer than this stays out. Three such texts and a key must fit.
  private static let longestPart = 896
  /// A progress token that is longer stays out, too; clients count them.
  private static let longestToken = 128

  /// Random, of the daemon that took the request.
  let front: String
  let surface: String
  let traceID: String
  let kind: EntryKind
  /// The public id; nil when it was too long.
  let entryID: String?
  let requestID: JSONSlice?
  let origin: RequestOrigin.Key?
  /// The idempotency key and what it stands for.
  let keyed: (key: IdempotencyKey, binding: ContentDigest)?
  /// As the client gave it, when it wants to hear of progress.
  let progressToken: JSONSlice?
  /// In which form an MCP client is answered (`MCPCall.Form`).
  let form: String?
  /// The whole time that the operation was given, milliseconds.
  let timeoutMilliseconds: Int

  init(_ operation: FrontOperation, front: String) {
    self.front = front
    surface = operation.target.surface
    traceID = operation.traceID
    kind = operation.kind
    entryID = operation.entryID.utf8.count <= Self.longestPart ? operation.entryID : nil
    requestID = operation.requestID.flatMap { $0.range.count <= Self.longestPart ? $0 : nil }
    origin = operation.target.origin?.key
    keyed = operation.keyed.map { ($0.key, $0.binding) }
    progressToken = operation.target.wishes.progressToken.flatMap { $0.range.count <= Self.longestToken ? $0 : nil }
    form = operation.target.form
    timeoutMilliseconds = operation.timeoutMilliseconds
  }

  var json: JSONSlice {
    var writer = JSONWriter(reserving: 512)
    writer.beginObject()
    writer.member("front", front)
    writer.member("surface", surface)
    writer.member("trace", traceID)
    writer.member("kind", kind.rawValue)
    writer.member("timeoutMs", timeoutMilliseconds)
    if let entryID { writer.member("entry", entryID) }
    if let requestID { writer.member("request", requestID) }
    if let origin {
      writer.member("client", origin.client)
      writer.member("id", origin.id)
    }
    if let keyed {
      writer.member("principal", keyed.key.principal)
      writer.member("key", keyed.key.text)
      writer.member("binding", keyed.binding.hex)
    }
    if let progressToken { writer.member("progressToken", progressToken) }
    if let form { writer.member("form", form) }
    writer.endObject()
    return JSONSlice(assembled: writer)
  }

  /// Reads what `json` gave; nil when it is of another kind of front.
  init?(_ slice: JSONSlice) {
    guard let front = slice.member("front")?.string, let surface = slice.member("surface")?.string,
      let trace = slice.member("trace")?.string,
      let kind = slice.member("kind")?.string.flatMap({ EntryKind(rawValue: $0) }),
      let timeout = slice.member("timeoutMs")?.int
    else { return nil }
    self.front = front
    self.surface = surface
    traceID = trace
    self.kind = kind
    timeoutMilliseconds = timeout
    entryID = slice.member("entry")?.string
    requestID = slice.member("request")
    progressToken = slice.member("progressToken")
    form = slice.member("form")?.string
    if let principal = slice.member("principal")?.string, let key = slice.member("key")?.string,
      let binding = slice.member("binding")?.string.flatMap({ ContentDigest(hex: $0) })
    {
      keyed = (IdempotencyKey(principal: principal, text: key), binding)
    } else {
      keyed = nil
    }
    if let client = slice.member("client")?.string, let id = slice.member("id").flatMap({ RequestID($0) }) {
      origin = RequestOrigin(client: client, id: id, reaskedAt: nil)?.key
    } else {
      origin = nil
    }
  }

  /// The record of its key, as far as the blob tells it; nil without one.
  func record(of id: OperationID, server: String, createdAt: Int64) -> KeptRecord? {
    guard let keyed else { return nil }
    return KeptRecord(
      principal: keyed.key.principal, key: keyed.key.text, binding: keyed.binding.hex, kind: kind.rawValue,
      entry: entryID ?? "", server: server, operation: id.description, boot: BootID.current, askedAt: 0,
      createdAt: createdAt)
  }
}
