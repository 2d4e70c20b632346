import Glibc
import Protocol
import StdioServer

extension DemoServer {
  /// Runs one tool. Wrong arguments are a tool's failure, an unknown tool is the client's.
  func call(_ request: MCPRequest) throws(MCPFailure) {
    let name = try request.parameter("name")
    guard let tool = DemoTool(rawValue: name) else { throw .invalidParams("Unknown tool: \(name)") }
    let arguments = request.arguments
    switch tool {
    case .add:
      connection.answer(request, text: Self.sum(try arguments.number("a"), try arguments.number("b")))
    case .count:
      count += 1
      connection.answer(request, text: "\(count)")
    case .echo:
      connection.answer(request, text: arguments.text)
    case .now:
      connection.answer(request, text: Self.timestamp(time(nil)))
    case .wait:
      let total = try arguments.integer("milliseconds", in: 0...60_000)
      wait(request, elapsed: 0, total: total)
    }
  }

  /// Waits in at most ten steps, with a progress report after each. Other requests are served in between.
  private func wait(_ request: MCPRequest, elapsed: Int, total: Int) {
    let step = min(max(total / 10, 100), total - elapsed)
    waiting[request.id] = loop.after(milliseconds: step) { [self] in
      let elapsed = elapsed + step
      if step > 0 {
        connection.report(request, progress: elapsed, total: total, message: "\(elapsed) of \(total) ms")
      }
      if elapsed < total {
        wait(request, elapsed: elapsed, total: total)
      } else {
        waiting[request.id] = nil
        connection.answer(request, text: "waited \(total) ms")
      }
    }
  }

  /// The sum without a fraction when it is a whole number that a `Double` holds exactly.
  private static func sum(_ a: Double, _ b: Double) -> String {
    let sum = a + b
    return Int(exactly: sum).map { "\($0)" } ?? "\(sum)"
  }

  /// Seconds since 1970 as RFC 3339 in UTC, for example `2026-07-28T09:30:00Z`.
  private static func timestamp(_ seconds: time_t) -> String {
    var seconds = seconds
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [UInt8](repeating: 0, count: 32)
    let count = text.withUnsafeMutableBytes { buffer in
      strftime(buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    }
    return String(decoding: text[..<count], as: UTF8.self)
  }
}
