import Glibc
import Protocol
import StdioServer

extension FakeServer {
  /// Most milliseconds and bytes that a tool takes as an argument: an hour, and a message.
  private static let longest = 3_600_000
  private static let biggest = 64 << 20

  func call(_ request: MCPRequest) throws(MCPFailure) {
    let name = try request.parameter("name")
    if name == options.dieOnCall { kill(getpid(), SIGKILL) }
    guard let tool = FakeTool(rawValue: name) else {
      guard isPlainTool(name) else { throw .invalidParams("Unknown tool: \(name)") }
      return echo(request)
    }
    switch tool {
    case .echo: echo(request)
    case .sleep: try sleep(request)
    case .count: count(request)
    case .progress: try progress(request)
    case .big: try big(request)
    case .env: env(request)
    case .pid: connection.answer(request, text: "\(getpid())")
    case .cancelled: cancelled(request)
    case .crash: try crash(request)
    case .grandchild: try grandchild(request)
    case .addTool: try addTool(request)
    case .log: try log(request)
    case .touch: try touch(request)
    case .rpcError: try rpcError(request)
    case .toolError: throw .tool(request.arguments.json?.member("text")?.string ?? "failed as told")
    case .raw: try raw(request)
    case .noResult: noResult(request)
    case .wrongID: wrongID(request)
    case .doubleAnswer: doubleAnswer(request)
    case .ask: try ask(request)
    }
  }

  // MARK: Good tools

  private func echo(_ request: MCPRequest) {
    connection.answer(request, text: request.arguments.text) { result in
      if let json = request.arguments.json { result.splice(json) } else { result.splice(text: "{}") }
    }
  }

  private func sleep(_ request: MCPRequest) throws(MCPFailure) {
    let duration = try request.arguments.integer("ms", in: 0...Self.longest)
    sleeping[request.id] = loop.after(milliseconds: duration) { [self] in
      sleeping[request.id] = nil
      connection.answer(request, text: "slept \(duration) ms")
    }
  }

  private func count(_ request: MCPRequest) {
    counter += 1
    connection.answer(request, text: "\(counter)")
  }

  private func progress(_ request: MCPRequest) throws(MCPFailure) {
    let steps = try request.arguments.integer("steps", in: 0...1_000_000)
    let interval = try request.arguments.integer("ms", in: 0...Self.longest, default: 0)
    step(request, done: 0, of: steps, interval: interval)
  }

  private func step(_ request: MCPRequest, done: Int, of steps: Int, interval: Int) {
    guard done < steps else {
      sleeping[request.id] = nil
      return connection.answer(request, text: "\(steps) steps done")
    }
    sleeping[request.id] = loop.after(milliseconds: interval) { [self] in
      connection.report(request, progress: done + 1, total: steps, message: "step \(done + 1)")
      step(request, done: done + 1, of: steps, interval: interval)
    }
  }

  private func big(_ request: MCPRequest) throws(MCPFailure) {
    let size = try request.arguments.integer("bytes", in: 0...Self.biggest)
    connection.answer(request, text: String(repeating: "x", count: size))
  }

  private func env(_ request: MCPRequest) {
    if let name = request.arguments.json?.member("name")?.string {
      let value = getenv(name).map { String(cString: $0) }
      connection.answer(request, text: value ?? "not set") { result in
        result.beginObject()
        result.member("value", value)
        result.endObject()
      }
    } else {
      var names: [String] = []
      var entry = environ
      while let text = entry.pointee {
        names.append(String(String(cString: text).prefix { $0 != "=" }))
        entry += 1
      }
      connection.answer(request, text: names.sorted().joined(separator: "\n"))
    }
  }

  private func cancelled(_ request: MCPRequest) {
    var ids = JSONWriter()
    ids.beginArray()
    for id in cancelledIDs { ids.splice(text: id) }
    ids.endArray()
    connection.answer(request, text: String(decoding: ids.bytes, as: UTF8.self))
  }

  // MARK: Tools that change the server

  private func crash(_ request: MCPRequest) throws(MCPFailure) {
    let code = try request.arguments.integer("code", in: -1...255, default: -1)
    if code >= 0 { end(Int32(code)) }
    kill(getpid(), SIGKILL)
  }

  private func grandchild(_ request: MCPRequest) throws(MCPFailure) {
    let file = try request.arguments.string("file")
    let pid = ChildProcess.start("/bin/sleep", ["3600"])
    guard pid > 0 else { throw .tool("cannot start /bin/sleep") }
    ChildProcess.write(pid: pid, to: file)
    connection.answer(request, text: "\(pid)")
  }

  private func addTool(_ request: MCPRequest) throws(MCPFailure) {
    addedTools.append(try request.arguments.string("name"))
    // Before the answer, so that whoever has the answer knows that the client has been told.
    announceTools()
    connection.answer(request, text: "\(addedTools.count) added")
  }

  // MARK: Bad answers

  private func rpcError(_ request: MCPRequest) throws(MCPFailure) {
    let arguments = request.arguments
    let code = try arguments.integer("code", in: -100_000...100_000)
    let data = arguments.json?.member("data").map { Array($0.bytes) }
    throw .rpc(code: code, message: try arguments.string("message"), data: data)
  }

  private func raw(_ request: MCPRequest) throws(MCPFailure) {
    output.sendRaw(try request.arguments.string("line"))
    connection.answer(request, text: "written")
  }

  private func noResult(_ request: MCPRequest) {
    var message = JSONWriter()
    message.beginObject()
    message.member("jsonrpc", "2.0")
    message.member("id", request.id)
    message.endObject()
    output.send(message.bytes)
  }

  private func wrongID(_ request: MCPRequest) {
    let other = MCPRequest(id: .string("nobody-used-this"), method: request.method, params: request.params)
    connection.answer(other, text: "an answer to nobody")
  }

  private func doubleAnswer(_ request: MCPRequest) {
    connection.answer(request, text: "first")
    connection.answer(request, text: "second")
  }

  // MARK: Requests to the client

  private func ask(_ request: MCPRequest) throws(MCPFailure) {
    let method = try request.arguments.string("method")
    let params = request.arguments.json?.member("params").map { Array($0.bytes) } ?? Array("{}".utf8)
    questions += 1
    let id = "ask-\(questions)"
    asked[id] = request
    connection.ask(id: id, method: method, params: params)
  }

  /// Passes the client's reply on to the call that caused the question.
  func answerQuestion(_ id: RequestID, with reply: [UInt8]) {
    guard case .string(let id) = id, let request = asked.removeValue(forKey: id) else { return }
    connection.answer(request, text: String(decoding: reply, as: UTF8.self))
  }
}
