/// The command line of `warmplane-fuzz`.
struct FuzzOptions {
  var target: any FuzzTarget.Type
  var corpus: String
  var seconds = 10
  var seed: UInt64?
  var isReplay = false
  /// Set by the program for the process that runs the decoder.
  var runningFile: String?

  static var usage: String {
    """
    usage: warmplane-fuzz <decoder> --corpus DIR [--seconds N] [--seed N] [--replay]

      <decoder>      one of: \(FuzzTargets.all.map { $0.name }.joined(separator: ", "))
      --corpus DIR   the decoder's seeds; an input that fails is written there
      --seconds N    how long to mutate them (default 10)
      --seed N       repeat the inputs of an earlier run
      --replay       run each seed once, unchanged, and stop

    """
  }

  /// Nil if the arguments make no sense.
  init?(_ arguments: [String]) {
    var rest = arguments[...]
    guard let name = rest.popFirst(), let target = FuzzTargets.named(name) else { return nil }
    self.target = target
    var corpus: String?
    while let option = rest.popFirst() {
      if option == "--replay" {
        isReplay = true
        continue
      }
      guard let value = rest.popFirst() else { return nil }
      switch option {
      case "--corpus":
        corpus = value
      case "--seconds":
        guard let number = Int(value), number > 0 else { return nil }
        seconds = number
      case "--seed":
        guard let number = UInt64(value) else { return nil }
        seed = number
      case "--running-file":
        runningFile = value
      default:
        return nil
      }
    }
    guard let corpus else { return nil }
    self.corpus = corpus
  }
}
