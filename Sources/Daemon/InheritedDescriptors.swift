import Glibc
import Platform

/// What a daemon leaves open for the program that takes its place in the same process: its locks, so that nobody else
/// becomes the daemon meanwhile, and its listening sockets, where clients wait instead of finding nobody.
struct InheritedDescriptors {
  /// Holds the numbers between the two programs; nobody else sees it.
  private static let variable = "WARMPLANE_INHERITED"

  let lock: Int32
  let control: Int32
  var rendezvous: Int32?
  var http: Int32?
  /// Of MCP's own port.
  var mcp: Int32?
  /// The control socket was opened by a service manager.
  var isActivated = false

  init(lock: Int32, control: Int32) {
    self.lock = lock
    self.control = control
  }

  /// Takes what the environment names, once; nil for a daemon that begins anew.
  static func take() -> InheritedDescriptors? {
    guard let text = ProcessEnvironment[variable] else { return nil }
    unsetenv(variable)
    return InheritedDescriptors(text)
  }

  /// Reads `lock=5,control=6,http=7`; nil when one of the numbers is not an open descriptor.
  private init?(_ text: String) {
    var numbers: [Substring: Int32] = [:]
    for part in text.split(separator: ",") {
      let words = part.split(separator: "=")
      guard words.count == 2, let number = Int32(words[1]), number > 2, fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else {
        return nil
      }
      numbers[words[0]] = number
    }
    guard let lock = numbers["lock"], let control = numbers["control"] else { return nil }
    self.init(lock: lock, control: control)
    rendezvous = numbers["rendezvous"]
    http = numbers["http"]
    mcp = numbers["mcp"]
    isActivated = numbers["activated"] == control
  }

  private var text: String {
    var parts = ["lock=\(lock)", "control=\(control)"]
    if let rendezvous { parts.append("rendezvous=\(rendezvous)") }
    if let http { parts.append("http=\(http)") }
    if let mcp { parts.append("mcp=\(mcp)") }
    if isActivated { parts.append("activated=\(control)") }
    return parts.joined(separator: ",")
  }

  private func setCloseOnExec(_ flag: Int32) -> Bool {
    [lock, control, rendezvous, http, mcp].allSatisfy { $0.map { fcntl($0, F_SETFD, flag) == 0 } ?? true }
  }

  /// Replaces this program by `program`, with the same arguments, the same environment and these descriptors. Returns
  /// only when that failed.
  func become(_ program: String) -> SystemError {
    guard setCloseOnExec(0) else { return SystemError("fcntl") }
    let words = [program] + CommandLine.arguments.dropFirst()
    let variables =
      ProcessEnvironment.all.filter { $0.name != Self.variable }.map { "\($0.name)=\($0.value)" }
      + ["\(Self.variable)=\(text)"]
    // Freed by nobody: either the process is another program afterwards, or it ends.
    let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    let environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
    execve(program, arguments, environment)
    let error = SystemError("execve", subject: program)
    _ = setCloseOnExec(FD_CLOEXEC)
    return error
  }
}
