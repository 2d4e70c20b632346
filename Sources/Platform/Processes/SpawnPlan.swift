import CLinux
import Glibc

/// What to start and what it gets: nothing is inherited that is not named here.
package struct SpawnPlan: ~Copyable {
  /// Path of the program; not searched for.
  package var program: String
  /// The argument vector, its first element included.
  package var arguments: [String]
  /// `NAME=value` strings; the whole environment.
  package var environment: [String]
  /// Descriptors 0, 1 and 2 of the child; nil is `/dev/null`.
  package var input: OwnedDescriptor?
  package var output: OwnedDescriptor?
  package var error: OwnedDescriptor?
  /// Becomes descriptor 3 of the child.
  package var passed: OwnedDescriptor?
  /// Whether the child leads a session (and process group) of its own, out of reach of the terminal's signals.
  package var newSession = true

  package init(program: String, arguments: [String], environment: [String]) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
  }

  /// Starts the program. Spawn from the loop's thread only: a parent-death signal follows the spawning thread.
  consuming func spawn() throws(SystemError) -> pid_t {
    var pid: pid_t = 0
    let stdio = [input?.number ?? -1, output?.number ?? -1, error?.number ?? -1]
    let result = withCStrings(arguments) { arguments in
      withCStrings(environment) { environment in
        wp_spawn(&pid, program, arguments, environment, stdio, passed?.number ?? -1, newSession ? 1 : 0)
      }
    }
    if result != 0 { throw SystemError("posix_spawn", code: result, subject: program) }
    return pid
  }

  /// Starts the program as nobody's child, in a session of its own: it outlives this process and its terminal, and needs
  /// no reaping. May be called on any thread.
  @discardableResult
  package consuming func spawnDetached() throws(SystemError) -> Int32 {
    var pid: pid_t = 0
    let stdio = [input?.number ?? -1, output?.number ?? -1, error?.number ?? -1]
    let result = withCStrings(arguments) { arguments in
      withCStrings(environment) { environment in
        wp_spawn_detached(&pid, program, arguments, environment, stdio, passed?.number ?? -1)
      }
    }
    if result != 0 { throw SystemError("posix_spawn", code: result, subject: program) }
    return pid
  }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<T>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T) -> T {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}
