/// How a command ended, for scripts.
enum ExitCode: Int32, Sendable {
  case success = 0
  /// The operation failed.
  case failure = 1
  /// The command line was wrong.
  case usage = 2
  case noDaemon = 3
  /// Ended by SIGINT, as shells count it.
  case interrupted = 130
}
