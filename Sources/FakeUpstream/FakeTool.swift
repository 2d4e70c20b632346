/// The tools with behaviour of their own, in the order of the list. What they do is in `FakeServer+Tools.swift`.
enum FakeTool: String, CaseIterable {
  // Good tools.
  case echo, sleep, count, progress, big, env, pid, cancelled
  // Tools that change the server or its surroundings.
  case crash, grandchild, addTool = "add_tool"
  // Tools that make it tell something.
  case log, touch
  // Bad answers, and questions.
  case rpcError = "rpc_error"
  case toolError = "tool_error"
  case raw
  case noResult = "no_result"
  case wrongID = "wrong_id"
  case doubleAnswer = "double_answer"
  case ask

  /// Its arguments, and what it does with them.
  var description: String {
    switch self {
    case .echo: "any arguments: returns them as text and, byte for byte, as structuredContent"
    case .sleep: "{ms}: answers after so long; can be cancelled"
    case .count: "{}: 1, 2, 3 and so on within one process"
    case .progress: "{steps, ms?}: so many progress notifications, ms apart, then the answer"
    case .big: "{bytes}: a text of that size"
    case .env: "{name?}: a variable of its environment, null if unset; without name, all names"
    case .pid: "{}: its process id"
    case .cancelled: "{}: the ids that notifications/cancelled named, as a JSON array, in order"
    case .crash: "{code?}: exits with code, or SIGKILLs itself"
    case .grandchild: "{file}: starts a child that stays, writes its pid to file"
    case .addTool: "{name}: lists one more tool and announces it"
    case .log: "{level, data, count?}: logs so often, if that level is wanted, then answers"
    case .touch: "{uri, as?}: tells whoever subscribed uri that it, or its part as, has changed, then answers"
    case .rpcError: "{code, message, data?}: answers with that JSON-RPC error"
    case .toolError: "{text?}: answers with isError"
    case .raw: "{line}: writes the line to stdout as it is, then answers"
    case .noResult: "{}: an answer with neither result nor error"
    case .wrongID: "{}: answers to an id nobody used, and never to the request's own"
    case .doubleAnswer: "{}: answers twice"
    case .ask: "{method, params?}: sends the client that request and returns its reply, a message, as text"
    }
  }
}
