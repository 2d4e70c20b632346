import Glibc
import Platform

/// What a daemon leaves open for the program that takes its place in the same process: its locks, so that nobody else
/// becomes the daemon meanwhile, and its control socket, where clients wait instead of finding nobody.
struct InheritedDescriptors {
  /// Holds the numbers between the two programs; nobody else sees it.
  private static let variable = "WARMPLANE_INHERITED"

  let lock: Int32
  let control: Int32
  let rendezvous: Int32?

  /// Takes what the environment names, once; nil for a daemon that begins anew.
  static func take() -> InheritedDescriptors? {
    guard let text = ProcessEnvironment[variable] else { return nil }
    unsetenv(variable)
    let numbers = text.split(separator: ",").compactMap { Int32($0) }
    guard numbers.count == 2 || numbers.count == 3,
      numbers.allSatisfy({ $0 > 2 && fcntl($0, F_SETFD, FD_CLOEXEC) == 0 })
    else { return nil }
    return InheritedDescriptors(
      lock: numbers[0], control: numbers[1], rendezvous: numbers.count == 3 ? numbers[2] : nil)
  }

  /// Replaces this program by `program`, with the same arguments, the same environment and these descriptors. Returns
  /// only when that failed.
  func become(_ program: String) -> SystemError {
    let numbers = [lock, control] + (rendezvous.map { [$0] } ?? [])
    for number in numbers where fcntl(number, F_SETFD, 0) < 0 { return SystemError("fcntl") }
    let words = [program] + CommandLine.arguments.dropFirst()
    let variables =
      ProcessEnvironment.all.filter { $0.name != Self.variable }.map { "\($0.name)=\($0.value)" }
      + ["\(Self.variable)=\(numbers.map(String.init).joined(separator: ","))"]
    // Freed by nobody: either the process is another program afterwards, or it ends.
    let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    let environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
    execve(program, arguments, environment)
    let error = SystemError("execve", subject: program)
    for number in numbers { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    return error
  }
}
