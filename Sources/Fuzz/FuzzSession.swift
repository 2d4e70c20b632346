import Glibc

/// The inner process: runs inputs until time is up or one fails.
struct FuzzSession {
  /// An input that takes longer than this has found a loop.
  static let hangSeconds: UInt32 = 20
  /// How many inputs with new signatures are kept besides the corpus.
  private static let poolLimit = 4096

  private let options: FuzzOptions
  private let target: any FuzzTarget
  private let name: String
  private let runningFile: String
  private let descriptor: Int32

  init(_ options: FuzzOptions, runningFile: String) {
    self.options = options
    self.runningFile = runningFile
    target = options.target.init()
    name = options.target.name
    descriptor = open(runningFile, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  }

  func run() -> Int32 {
    guard descriptor >= 0, let corpus = FuzzCorpus.load(options.corpus) else {
      FuzzProgram.report("warmplane-fuzz: \(options.corpus): \(String(cString: strerror(errno)))\n")
      return 2
    }
    var random = SplitMix64(seed: 1)
    for entry in corpus {
      if let failure = failure(of: entry.bytes, &random) {
        FuzzProgram.report("\(name): \(entry.path): \(failure)\n")
        return 1
      }
    }
    let seeds = options.target.seeds
    for seed in seeds {
      if let failure = failure(of: seed, &random) { return fail(seed, failure, "a seed made in code") }
    }
    if options.isReplay {
      print("\(name): \(corpus.count) files and \(seeds.count) seeds replayed, no failure")
      return 0
    }
    return mutate(corpus.map { $0.bytes } + seeds)
  }

  private func mutate(_ seeds: [[UInt8]]) -> Int32 {
    let seed = options.seed ?? UInt64.random(in: 0...0xFFFF_FFFF)
    var random = SplitMix64(seed: seed)
    var mutator = FuzzMutator(pool: seeds.isEmpty ? [[]] : seeds, tokens: options.target.tokens)
    var signatures = Set(seeds.map { target.signature(of: $0) })
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(options.seconds)
    var count = 0
    while clock.now < deadline {
      for _ in 0..<64 {
        let input = mutator.next(using: &random)
        if let failure = failure(of: input, &random) {
          return fail(input, failure, "input \(count) of seed \(seed)")
        }
        count += 1
        let signature = target.signature(of: input)
        if signatures.count < Self.poolLimit, signatures.insert(signature).inserted { mutator.add(input) }
      }
    }
    print("\(name): \(count) inputs in \(options.seconds) s, seed \(seed), \(signatures.count) signatures, no failure")
    return 0
  }

  /// Nil if every invariant holds.
  private func failure(of input: [UInt8], _ random: inout SplitMix64) -> (any Error)? {
    let written = pwrite(descriptor, input, input.count, 0)
    guard written == input.count, ftruncate(descriptor, input.count) == 0 else {
      return FuzzFailure("\(runningFile): \(String(cString: strerror(errno)))")
    }
    alarm(Self.hangSeconds)
    defer { alarm(0) }
    do {
      try target.run(input, random: &random)
      return nil
    } catch {
      return error
    }
  }

  private func fail(_ input: [UInt8], _ failure: any Error, _ origin: String) -> Int32 {
    let small = shrink(input)
    let path = FuzzCorpus.save(small, in: options.corpus)
    FuzzProgram.report("\(name): \(failure)\n\(origin), shrunk to \(small.count) bytes, is in \(path)\n")
    return 1
  }

  /// Leaves out whatever the failure does not need, halving the piece each time nothing can go.
  private func shrink(_ input: [UInt8]) -> [UInt8] {
    var input = input
    var size = max(input.count / 2, 1)
    while size > 0 {
      var start = 0
      while start < input.count {
        var smaller = input
        smaller.removeSubrange(start..<min(start + size, input.count))
        var random = SplitMix64(seed: 1)
        if failure(of: smaller, &random) != nil { input = smaller } else { start += size }
      }
      size /= 2
    }
    return input
  }
}
