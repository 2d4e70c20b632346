import Glibc

/// Two processes: one runs the decoder and may crash or hang, the other keeps the input that did it.
///
/// The inner process writes each input to a file before it runs it, so the file holds the culprit whatever happens.
enum FuzzProgram {
  /// Returns the exit status: 0 no failure, 1 an input failed, 2 wrong usage or environment, 130 interrupted.
  static func run(_ arguments: [String]) -> Int32 {
    guard let options = FuzzOptions(arguments) else {
      report(FuzzOptions.usage)
      return 2
    }
    if let path = options.runningFile { return FuzzSession(options, runningFile: path).run() }
    return supervise(options, arguments)
  }

  static func report(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }

  private static func supervise(_ options: FuzzOptions, _ arguments: [String]) -> Int32 {
    let runningFile = "\(options.corpus)/.running-\(getpid())"
    // An interrupt from the terminal reaches both; this one stays to tidy up.
    signal(SIGINT, SIG_IGN)
    guard let child = spawn(["warmplane-fuzz"] + arguments + ["--running-file", runningFile]) else {
      report("warmplane-fuzz: cannot start itself: \(String(cString: strerror(errno)))\n")
      return 2
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    let signalNumber = status & 0x7F
    if signalNumber == 0 {
      unlink(runningFile)
      return (status >> 8) & 0xFF
    }
    if signalNumber == SIGINT || signalNumber == SIGTERM {
      unlink(runningFile)
      return 130
    }
    let kept = FuzzCorpus.keep(runningFile, in: options.corpus)
    let cause =
      signalNumber == SIGALRM
      ? "ran for more than \(FuzzSession.hangSeconds) s" : "died of signal \(signalNumber)"
    report("\(options.target.name): the decoder \(cause); the input is in \(kept)\n")
    return 1
  }

  private static func spawn(_ arguments: [String]) -> pid_t? {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGINT)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    let argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    // The backtrace of a crash takes many seconds, and the input says more.
    let backtrace: [UnsafeMutablePointer<CChar>?] = [strdup("SWIFT_BACKTRACE=enable=no"), nil]
    defer { (argv + backtrace).forEach { free($0) } }
    var child: pid_t = 0
    errno = posix_spawn(&child, "/proc/self/exe", nil, &attributes, argv, backtrace)
    return errno == 0 ? child : nil
  }
}
