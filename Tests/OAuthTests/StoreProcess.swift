import Foundation
import TestSupport

/// A run of the program that writes stores from processes of its own.
enum StoreProcess {
  static func run(_ arguments: [String]) async throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try ProductPath.of("warmplane-store-exerciser"))
    process.arguments = arguments
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    let ends = AsyncStream<Int32>.makeStream()
    process.terminationHandler = { ends.continuation.yield($0.terminationStatus) }
    try process.run()
    var code: Int32 = -1
    for await status in ends.stream {
      code = status
      break
    }
    // Its text is short: it has fitted into the pipe.
    return (code, String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
  }
}
