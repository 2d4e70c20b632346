import CLinux
import Glibc

/// How a process ended.
package enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
  case exited(code: Int32)
  case signaled(signal: Int32)
  /// It was not our child: the kernel tells only its parent how it ended.
  case unknown

  init(_ info: siginfo_t) {
    let status = info._sifields._sigchld.si_status
    self = info.si_code == Int32(CLD_EXITED) ? .exited(code: status) : .signaled(signal: status)
  }

  package var description: String {
    switch self {
    case .exited(let code): "exited with code \(code)"
    case .unknown: "ended"
    case .signaled(let signal): "was ended by signal \(signal) (\(String(cString: strsignal(signal))))"
    }
  }
}
