import Foundation
import Testing

/// Every input that fuzzing ever found worth keeping, for every decoder.
@Suite("Fuzz corpus", .serialized)
struct JSONCorpusTests {
  static let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fuzz/corpus")
    .standardized

  static var decoders: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: corpus.path).filter { !$0.hasPrefix(".") }.sorted()
    }
  }

  @Test func everyDecoderIsThere() throws {
    #expect(try Set(Self.decoders).isSuperset(of: ["json", "jsonrpc"]))
  }

  /// Runs the fuzzer that was built with this test: its checks are the ones that count, and a crash stays outside.
  @Test(arguments: try decoders)
  func replay(_ decoder: String) async throws {
    // A thread of its own: blocked ones of the pool stop every other test.
    let (status, text) = try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try Self.run(decoder) }) }
    }
    #expect(status == 0, "\(text)")
    #expect(text.contains("no failure"), "\(text)")
  }

  private static func run(_ decoder: String) throws -> (status: Int32, text: String) {
    let ours = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let process = Process()
    process.executableURL = URL(filePath: ours).deletingLastPathComponent().appending(path: "warmplane-fuzz")
    process.arguments = [decoder, "--corpus", corpus.appending(path: decoder).path, "--replay"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
