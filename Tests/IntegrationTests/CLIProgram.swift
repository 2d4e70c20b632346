import Foundation
import Glibc
import Synchronization

/// The built `warmplane`, run as a user runs it.
struct CLIProgram {
  struct Result: Sendable {
    let code: Int32
    /// Whether a signal ended it.
    let isSignaled: Bool
    let output: String
    let error: String
  }

  /// The products lie beside the test program.
  static let path: String = {
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: own ?? "").deletingLastPathComponent().appendingPathComponent("warmplane").path
  }()

  let workspace: CLIWorkspace
  var environment: [String: String] = [:]
  /// Of the variables that a program has otherwise, only these; nil is all.
  var onlyVariables: Set<String>?
  var program = CLIProgram.path

  init(in workspace: CLIWorkspace) { self.workspace = workspace }

  /// Runs the program to its end.
  func run(_ arguments: [String], input: String = "") async throws -> Result {
    try await start(arguments, input: input).result()
  }

  /// Runs it with standard output on a terminal of that width; line ends come back as `\n`.
  func runOnTerminal(_ arguments: [String], columns: UInt16) async throws -> Result {
    // TIOCSPTLCK and TIOCGPTN: their macros are not imported, and neither are posix_openpt and its companions.
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var lock: Int32 = 0
    var number: UInt32 = 0
    guard master >= 0, ioctl(master, 0x4004_5431, &lock) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
      fatalError("no terminal: errno \(errno)")
    }
    let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var size = winsize(ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    guard ioctl(slave, UInt(TIOCSWINSZ), &size) == 0 else { fatalError("no terminal size: errno \(errno)") }
    let running = try start(arguments, terminal: FileHandle(fileDescriptor: slave))
    close(slave)
    // The terminal says EIO, not end of file, when the last one that writes to it is gone.
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(master, &chunk, chunk.count)
      if count <= 0 { break }
      bytes += chunk[..<count].filter { $0 != 0x0D }
    }
    close(master)
    let result = try await running.result()
    return Result(
      code: result.code, isSignaled: result.isSignaled, output: String(decoding: bytes, as: UTF8.self),
      error: result.error)
  }

  /// Starts the program and returns at once.
  func start(_ arguments: [String], input: String = "", terminal: FileHandle? = nil) throws -> Running {
    let name = UUID().uuidString
    func file(_ kind: String, _ content: String = "") throws -> FileHandle {
      let path = try workspace.write(content, to: "\(name).\(kind)")
      return kind == "in" ? FileHandle(forReadingAtPath: path)! : FileHandle(forWritingAtPath: path)!
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: workspace.directory)
    process.environment = [
      "HOME": workspace.directory, "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no", "TERM": "xterm",
      "XDG_RUNTIME_DIR": workspace.runtimeDirectory,
    ].merging(environment) { $1 }.filter { onlyVariables?.contains($0.key) ?? true }
    try FileManager.default.createDirectory(
      atPath: workspace.runtimeDirectory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let files = [try file("in", input), try file("out"), try file("err")]
    process.standardInput = files[0]
    process.standardOutput = terminal ?? files[1]
    process.standardError = files[2]
    let running = try Running(process, workspace: workspace, name: name)
    // The process has its own by now, and Foundation would keep ours.
    for file in files { try file.close() }
    return running
  }

  /// A program that was started.
  final class Running: Sendable {
    private let ends: AsyncStream<Void>
    private let process: Process
    private let workspace: CLIWorkspace
    private let name: String

    fileprivate init(_ process: Process, workspace: CLIWorkspace, name: String) throws {
      self.process = process
      self.workspace = workspace
      self.name = name
      let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
      ends = stream
      process.terminationHandler = { _ in continuation.finish() }
      try process.run()
    }

    var pid: Int32 { process.processIdentifier }

    func result() async throws -> Result {
      for await _ in ends {}
      // A test whose time is up is cancelled, and its program may run on; its status does not exist yet.
      if Task.isCancelled, process.isRunning {
        kill(process.processIdentifier, SIGKILL)
        throw CancellationError()
      }
      // Returns at once, and only now does Foundation let go of the process.
      process.waitUntilExit()
      func text(_ kind: String) -> String {
        let content = FileManager.default.contents(atPath: "\(workspace.directory)/\(name).\(kind)")
        return String(decoding: content ?? Data(), as: UTF8.self)
      }
      return Result(
        code: process.terminationStatus, isSignaled: process.terminationReason == .uncaughtSignal,
        output: text("out"), error: text("err"))
    }
  }
}
