import Glibc

/// Ctrl-C.
enum Interruption {
  /// Makes SIGINT end the process with code 130. The kernel then closes the connection, and that is what cancels the
  /// operation. A SIGINT that is ignored (`nohup`, a background job of a script) stays ignored.
  static func exitOnInterrupt() {
    var previous = sigaction()
    sigaction(SIGINT, nil, &previous)
    if unsafeBitCast(previous.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
      return
    }
    // A parent that starts programs from a thread with blocked signals hands its mask on, and nothing could end us.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, number) }
    sigprocmask(SIG_UNBLOCK, &signals, nil)
    signal(SIGINT) { _ in
      // Async-signal-safe calls only. The line break keeps the prompt off a progress line.
      if isatty(STDERR_FILENO) == 1 { write(STDERR_FILENO, "\n", 1) }
      _exit(ExitCode.interrupted.rawValue)
    }
  }
}
