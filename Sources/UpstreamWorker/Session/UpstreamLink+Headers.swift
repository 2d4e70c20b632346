import Protocol

/// Arguments that go into headers, too (2026-07-28 over HTTP).
extension UpstreamLink {
  /// The tools that can be called, which over pipes are all.
  func usableTools(_ tools: [JSONSlice], isComplete: Bool) -> [JSONSlice] {
    guard transport?.carriesHeaders == true else { return tools }
    return toolHeaders.take(tools, isComplete: isComplete) { note($0) }
  }

  /// Whether an operation is sent again after `error`: the upstream did not execute it, because its headers did not fit a
  /// schema that has changed. Once; the schemas are read first (mcp-checklist CLI-15).
  func sendsAgain(_ id: Int, _ error: UpstreamError) -> Bool {
    guard error.code == MCPErrorCode.headerMismatch, transport?.carriesHeaders == true, let call = calls[id],
      call.frame.method == "tools/call", !call.hasNewHeaders
    else { return false }
    calls[id]?.hasNewHeaders = true
    headerRefusals.append((call.frame.operation, error.object))
    if lists[.tools] == nil { beginListing([.tools]) }
    return true
  }

  /// The tools were listed, or not.
  func sendWithNewHeaders(isListed: Bool) {
    let refusals = headerRefusals
    headerRefusals = []
    for refusal in refusals {
      // It may have been given up meanwhile.
      guard let id = callIDs[refusal.operation], let call = calls[id] else { continue }
      if isListed {
        calls[id] = nil
        send(call)
      } else {
        finish(id, .rejected(refusal.error))
      }
    }
  }
}
