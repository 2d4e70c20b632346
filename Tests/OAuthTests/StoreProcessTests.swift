import OAuth
import Testing

/// Several processes on one store, and the sudden end of one.
@Suite(.serialized) struct StoreProcessTests {
  private static let others = """
    {
      "a": {
        "tokens": {
          "accessToken": "é",
          "x": 1.00
        }
      },

    """

  /// The file is whole after each of 1,000 kills, nothing was readable for others at any moment, the other keys are
  /// there byte for byte, and what killed writers left does not pile up.
  @Test(.timeLimit(.minutes(2))) func killedInTheMiddleOfAWrite() async throws {
    let sample = try StoreSample(Self.others + "  \"z\": {}\n}\n")
    let result = try await StoreProcess.run([
      "kill", sample.store.path, "k", "1000", "\(UInt64.random(in: 1 ... .max))",
    ])
    #expect(result.code == 0, "\(result.output)")
    let changes = Int(result.output.split(separator: "\n").last?.dropFirst("changes: ".count) ?? "") ?? 0
    #expect(changes > 500, "the writers wrote: \(result.output)")
    try sample.store.update("k") { $0 = nil }
    #expect(sample.text == Self.others + "  \"z\": {}\n}\n")
    #expect(sample.names() == ["mcp-auth.json", "mcp-auth.json.lock"])
  }

  @Test(.timeLimit(.minutes(1))) func twoProcessesLoseNothing() async throws {
    let sample = try StoreSample()
    async let first = StoreProcess.run(["update", sample.store.path, "first", "150"])
    async let second = StoreProcess.run(["update", sample.store.path, "second", "150"])
    for count in 1...150 {
      try sample.store.update("third") { entry in
        entry = entry ?? StoreEntry()
        entry?.oauthState = "\(count)"
      }
      await Task.yield()
    }
    #expect(try await first.code == 0)
    #expect(try await second.code == 0)
    let snapshot = try sample.store.read()
    #expect(snapshot.entry("first")?.tokens?.accessToken == "150")
    #expect(snapshot.entry("second")?.tokens?.accessToken == "150")
    #expect(snapshot.entry("third")?.oauthState == "150")
    #expect(sample.names() == ["mcp-auth.json", "mcp-auth.json.lock"])
  }
}
