import Protocol
import Telemetry

/// The seven tools of compact exposure (contract §5.2).
extension FrontRouter {
  func callFacade(
    _ session: MCPSession, _ id: RequestID, _ params: JSONSlice?, _ call: (MCPCall.Form) -> MCPCall
  ) {
    guard let name = params?.member("name")?.string else {
      return session.refuse(id, code: MCPErrorCode.invalidParams, "The member name must be a string")
    }
    guard let tool = FacadeTool(rawValue: name) else {
      return session.refuse(id, code: MCPErrorCode.invalidParams, "Unknown tool: \(name.prefix(128))")
    }
    let arguments = params?.member("arguments").flatMap { $0.isNull ? nil : $0 }
    let trace = mcpTrace(params)
    func fail(_ failure: OperationFailure) {
      call(.tool()).reply(failure, requestID: nil, traceID: trace.traceID.description)
    }
    func operate(_ kind: EntryKind) {
      let decoded = OperationRequest.decode(kind, arguments ?? .emptyObject).map { request in
        var request = request.with(meta: params)
        // Where policy looks at it, it is named as all others are.
        if kind == .resource, let linked = target(kind, request.id, session.view), let route = linked.route {
          (request.id, request.route) = (linked.id, route)
        }
        return request
      }
      self.operate(kind, call(.tool()), decoded, trace: trace)
    }
    if let arguments, arguments.kind != .object {
      return fail(.invalidField("The member arguments must be a JSON object."))
    }
    switch tool {
    case .capabilitiesList:
      switch CapabilityFilter.parse(arguments) {
      case .failure(let failure): fail(failure)
      case .success(let filter): list(.capability, call(.tool(filter)), wait: nil)
      }
    case .capabilityDescribe:
      guard let name = arguments?.member("id")?.string else {
        return fail(.invalidField("The argument id must be a string."))
      }
      describeCapability(call(.tool()), name, trace: trace)
    case .capabilityCall: operate(.capability)
    case .resourcesList: list(.resource, call(.tool()), wait: nil)
    case .resourceRead: operate(.resource)
    case .promptsList: list(.prompt, call(.tool()), wait: nil)
    case .promptGet: operate(.prompt)
    }
  }
}
