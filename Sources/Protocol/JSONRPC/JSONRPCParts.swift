/// The members of a JSON-RPC message as one walk finds them, not yet judged.
struct JSONRPCParts {
  private var version: JSONSlice?
  private var id: JSONSlice?
  private var method: JSONSlice?
  private(set) var params: JSONSlice?
  private(set) var result: JSONSlice?
  private(set) var error: JSONSlice?
  /// The name of the first member found twice.
  private var repeated: String?
  private var isIDRepeated = false

  /// `object` must be an object.
  init(_ object: JSONSlice) {
    // Ranges until the walk is over: slices would count references for every member.
    var ranges = Ranges()
    object.withCursor { cursor in
      var position = object.range.lowerBound + 1
      while let member = cursor.nextMember(&position) { ranges.note(member, cursor) }
    }
    version = ranges.version.map(object.part)
    id = ranges.id.map(object.part)
    method = ranges.method.map(object.part)
    params = ranges.params.map(object.part)
    result = ranges.result.map(object.part)
    error = ranges.error.map(object.part)
    isIDRepeated = ranges.isIDRepeated
    repeated = ranges.repeatedKey.flatMap { object.part($0).string }
    // One unknown member cannot be repeated; with more of them this rare walk finds out.
    if repeated == nil, ranges.others > 1 { repeated = object.firstRepeatedMember() }
  }

  /// The id if there is exactly one and it is well-formed.
  var readableID: RequestID? { isIDRepeated ? nil : id.flatMap { RequestID($0) } }

  /// Decides what the message is.
  func kind() throws(JSONRPCError) -> JSONRPCMessage.Kind {
    let readableID = readableID
    if let repeated { throw .repeatedMember(repeated, id: readableID) }
    guard let version, version.isString("2.0") else { throw .wrongVersion(id: readableID) }
    if let method {
      guard result == nil, error == nil else { throw .mixedRequestAndResponse(id: readableID) }
      if id != nil, readableID == nil { throw .invalidID }
      guard let name = method.string else { throw .invalidMethod(id: readableID) }
      if let readableID { return .request(id: readableID, method: name) }
      return .notification(method: name)
    }
    if let error {
      guard result == nil else { throw .resultAndError(id: readableID) }
      if let id, readableID == nil, !id.isNull { throw .invalidID }
      guard error.kind == .object else { throw .invalidError(id: readableID) }
      return .errorResponse(id: readableID)
    }
    guard result != nil else { throw .noContent(id: readableID) }
    guard id != nil else { throw .missingID }
    guard let readableID else { throw .invalidID }
    return .response(id: readableID)
  }
}

extension JSONRPCParts {
  /// Where the values are; of a repeated member the last one.
  private struct Ranges {
    var version: Range<Int>?
    var id: Range<Int>?
    var method: Range<Int>?
    var params: Range<Int>?
    var result: Range<Int>?
    var error: Range<Int>?
    var others = 0
    var repeatedKey: Range<Int>?
    var isIDRepeated = false

    @inline(__always)
    mutating func note(_ member: JSONCursor.Member, _ cursor: JSONCursor) {
      func named(_ name: StaticString) -> Bool {
        let text = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return cursor.string(member.key, hasEscapes: member.keyHasEscapes, equals: text)
      }
      let previous: Range<Int>?
      if named("jsonrpc") {
        (previous, version) = (version, member.value)
      } else if named("id") {
        (previous, id) = (id, member.value)
        isIDRepeated = isIDRepeated || previous != nil
      } else if named("method") {
        (previous, method) = (method, member.value)
      } else if named("params") {
        (previous, params) = (params, member.value)
      } else if named("result") {
        (previous, result) = (result, member.value)
      } else if named("error") {
        (previous, error) = (error, member.value)
      } else {
        previous = nil
        others += 1
      }
      if previous != nil, repeatedKey == nil { repeatedKey = member.key }
    }
  }
}
