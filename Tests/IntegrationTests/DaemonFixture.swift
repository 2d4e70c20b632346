import Foundation
import Glibc
import Platform
import Protocol
import Synchronization
import Testing

/// The built `warmplane daemon` with a configuration, directories and processes of its own; many run in parallel.
///
///     try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
///       let answer = try daemon.call("fake.echo", #"{"a": 1}"#)
///       #expect(answer.status == 200)
///     }
///
/// The body may block: it has a thread of its own. Afterwards the daemon is stopped, and the test fails if anything of
/// it remains: daemon, workers, upstreams and what they started are found by a variable in their environment.
final class DaemonFixture: Sendable {
  /// How the daemon ended.
  enum Exit: Sendable, Equatable { case code(Int32), signal(Int32) }
  struct Failure: Error, CustomStringConvertible { let description: String }

  /// A real path, and short, because socket paths are limited.
  let directory: String
  let configPath: String
  // Workers inherit only the settings of dynamic linker and allocator; the latter ignores names that it does not know.
  private let mark = "MALLOC_TEST_MARK=\(UUID().uuidString)"
  private let environment: [String: String]
  private let state = Mutex(State())

  private struct State {
    var pid: Int32 = 0
    var exit: Exit?
    var port = 0
    var starts = 0
    /// Processes that were seen alive.
    var seen: Set<Int32> = []
  }

  private init(_ config: DaemonConfig, environment: [String: String]) throws {
    var template = Array("/tmp/wp-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(description: "mkdtemp: errno \(errno)") }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    configPath = "\(directory)/mcp_servers.json"
    self.environment = environment
    try FileManager.default.createDirectory(
      atPath: "\(directory)/run", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try write(config)
  }

  // MARK: Life

  /// Starts a daemon, runs `body`, stops the daemon and checks that nothing of it is left. `environment` is added to
  /// the daemon's. With `isStarted` false the body calls `start()` itself.
  static func run(
    _ config: DaemonConfig, environment: [String: String] = [:], isStarted: Bool = true,
    _ body: @Sendable (DaemonFixture) async throws -> Void
  ) async throws {
    try await BlockingExecutor.run {
      let daemon = try DaemonFixture(config, environment: environment)
      defer { daemon.end() }
      if isStarted { try daemon.start() }
      try await body(daemon)
    }
  }

  /// Starts the daemon and waits until its control socket answers `status`. Again after it ended: on the same
  /// configuration and directories.
  /// `command` and `launcher` as for `launch`.
  func start(_ arguments: [String] = [], as command: [String] = ["daemon"], by launcher: [String] = []) throws {
    try launch(arguments, as: command, by: launcher)
    let status = try eventually(within: 20, "the daemon answers status") { try? self.status() }
    let address = status.member("daemon")?.member("http")?.string ?? ""
    state.withLock { $0.port = address.split(separator: ":").last.flatMap { Int($0) } ?? 0 }
  }

  /// Starts the daemon and does not wait for anything. `name`: the command that becomes one; `launcher`: a program with arguments that becomes the daemon, by
  /// exec of the words that follow.
  func launch(_ arguments: [String] = [], as name: [String] = ["daemon"], by launcher: [String] = []) throws {
    let number = state.withLock { state in
      state.starts += 1
      return state.starts
    }
    let command = name + ["--config", configPath] + arguments
    let pid =
      launcher.isEmpty
      ? try spawn(command, log: logPath(number))
      : try spawn(Array(launcher.dropFirst()) + [CLIProgram.path] + command, of: launcher[0], log: logPath(number))
    state.withLock {
      $0.pid = pid
      $0.exit = nil
      $0.port = 0
    }
  }

  /// Runs another `warmplane` in this fixture's environment to its end, at most 20 s.
  func runWarmplane(_ arguments: [String]) throws -> (exit: Exit, output: String, error: String) {
    let name = "\(directory)/\(UUID().uuidString)"
    let pid = try spawn(arguments, output: "\(name).out", log: "\(name).err")
    let exit = try eventually(within: 20, "warmplane \(arguments) ends") { Self.reap(pid) }
    return (exit, text(of: "\(name).out"), text(of: "\(name).err"))
  }

  /// Starts another `warmplane` in this fixture's environment. It is reaped with the fixture, if nobody did before.
  func startWarmplane(_ arguments: [String]) throws -> Int32 {
    let pid = try spawn(arguments, log: "/dev/null")
    state.withLock { _ = $0.seen.insert(pid) }
    return pid
  }

  /// Sends SIGTERM and waits for the end.
  @discardableResult
  func stop(within seconds: Double = 20) throws -> Exit {
    signal(SIGTERM)
    return try waitForExit(within: seconds)
  }

  /// Sends a signal to the daemon only.
  func signal(_ number: Int32) {
    // Noted while they live; see `reapAdopted`.
    _ = processes()
    let pid = state.withLock { $0.exit == nil ? $0.pid : 0 }
    if pid > 0 { kill(pid, number) }
  }

  @discardableResult
  func waitForExit(within seconds: Double = 20) throws -> Exit {
    try eventually(within: seconds, "the daemon ends") {
      self.state.withLock { state in
        if state.exit == nil { state.exit = Self.reap(state.pid) }
        return state.exit
      }
    }
  }

  private func end() {
    if state.withLock({ $0.pid != 0 && $0.exit == nil }) {
      do { try stop() } catch { Issue.record("\(error)") }
    }
    // A killed upstream may need a moment to leave the process table.
    _ = try? eventually(within: 3, "all processes are gone") { self.processes().isEmpty ? true : nil }
    for (pid, command) in processes() {
      Issue.record("pid \(pid) is left of the daemon in \(directory): \(command)")
      kill(pid, SIGKILL)
    }
    state.withLock { state in
      if state.pid != 0 && state.exit == nil { state.exit = Self.reap(state.pid, wait: true) }
    }
    reapAdopted()
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Other tests make this process a subreaper, so what a daemon leaves at its end may become its child. A zombie that
  /// nobody reaps stops the exit tests: the library waits for any child, and sees that one again and again.
  private func reapAdopted() {
    let (seen, own) = state.withLock { ($0.seen, $0.pid) }
    for pid in seen where pid != own { _ = Self.reap(pid) }
  }

  // MARK: Facts

  /// The port of `/v1`; 0 without HTTP.
  var port: Int { state.withLock { $0.port } }
  var pid: Int32 { state.withLock { $0.pid } }

  /// The file of the current daemon's stderr: one JSON object per line.
  var logPath: String { logPath(state.withLock { $0.starts }) }

  private func logPath(_ start: Int) -> String { "\(directory)/daemon-\(start).log" }

  /// Where the daemon listens. The hash is written down here once more, from the contract (§1.3).
  var controlSocket: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in configPath.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return "\(directory)/run/warmplane/\(String(repeating: "0", count: 16 - digits.count))\(digits)/control.sock"
  }

  /// All living processes of this fixture: daemon, workers, upstreams, and whatever those started and did not clean.
  func processes() -> [Int32: String] {
    var found: [Int32: String] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let pid = Int32(name), let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ"),
        environment.range(of: Data(mark.utf8)) != nil
      else { continue }
      found[pid] = text(of: "/proc/\(pid)/cmdline").replacingOccurrences(of: "\0", with: " ")
    }
    state.withLock { [pids = found.keys] in $0.seen.formUnion(pids) }
    return found
  }

  /// Descriptors that a process has open.
  static func descriptorCount(of pid: Int32) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
  }

  /// Heap and stacks of a process in bytes. Not PSS: that grows when another daemon ends, which shared the programs'
  /// pages.
  static func memory(of pid: Int32) -> Int {
    let status = FileManager.default.contents(atPath: "/proc/\(pid)/status") ?? Data()
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first).flatMap { Int($0) }.map { $0 * 1024 } ?? 0
  }

  /// A built program of the package: it lies beside the test program.
  static func program(_ name: String) -> String {
    URL(fileURLWithPath: CLIProgram.path).deletingLastPathComponent().appendingPathComponent(name).path
  }

  /// Replaces the configuration file.
  func write(_ config: DaemonConfig) throws { try Data(config.text.utf8).write(to: URL(fileURLWithPath: configPath)) }

  func text(of path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }

  /// Asks again and again, at most for `seconds`, until `value` has one.
  @discardableResult
  func eventually<Value>(within seconds: Double = 30, _ what: String, _ value: () throws -> Value?) throws -> Value {
    let deadline = MonotonicTime.now + .milliseconds(Int64(seconds * 1000))
    while true {
      if let value = try value() { return value }
      if MonotonicTime.now > deadline {
        throw Failure(description: "not within \(seconds) s: \(what)\n\(text(of: logPath).suffix(4000))")
      }
      usleep(5000)
    }
  }

  // MARK: Processes

  private func spawn(
    _ arguments: [String], of program: String = CLIProgram.path, output: String = "/dev/null", log: String
  ) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    // Nothing of the other tests, which run in the same process.
    _ = addCloseFrom(&actions, 3)
    _ = addChangeDirectory(&actions, directory)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    let variables = allVariables.map { strdup($0) } + [nil]
    defer { for pointer in words + variables { free(pointer) } }
    var pid: Int32 = 0
    let error = posix_spawn(&pid, program, &actions, &attributes, words, variables)
    guard error == 0 else { throw Failure(description: "posix_spawn of \(program): errno \(error)") }
    return pid
  }

  /// The environment of the programs of this fixture.
  var allVariables: [String] {
    let base = [
      "HOME": directory, "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no",
      "WARMPLANE_LOG": "info", "XDG_RUNTIME_DIR": "\(directory)/run", "XDG_STATE_HOME": "\(directory)/state",
    ]
    return base.merging(environment) { $1 }.map { "\($0.key)=\($0.value)" } + [mark]
  }

  private typealias Actions = UnsafeMutablePointer<posix_spawn_file_actions_t>

  // glibc has these two (2.34, 2.29), but its headers hide them from Swift.
  private var addCloseFrom: @convention(c) (Actions, Int32) -> Int32 {
    unsafeBitCast(
      Self.symbol("posix_spawn_file_actions_addclosefrom_np"), to: (@convention(c) (Actions, Int32) -> Int32).self)
  }

  private var addChangeDirectory: @convention(c) (Actions, UnsafePointer<CChar>) -> Int32 {
    unsafeBitCast(
      Self.symbol("posix_spawn_file_actions_addchdir_np"),
      to: (@convention(c) (Actions, UnsafePointer<CChar>) -> Int32).self)
  }

  private static func symbol(_ name: String) -> UnsafeMutableRawPointer {
    guard let address = dlsym(nil, name) else { fatalError("the C library has no \(name)") }
    return address
  }

  private static func reap(_ pid: Int32, wait: Bool = false) -> Exit? {
    var status: Int32 = 0
    guard waitpid(pid, &status, wait ? 0 : WNOHANG) == pid else { return nil }
    return status & 0x7F == 0 ? .code(status >> 8 & 0xFF) : .signal(status & 0x7F)
  }
}
