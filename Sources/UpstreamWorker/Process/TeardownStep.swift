import Glibc

/// One rung of the way down: what is done, and how long it is waited for before the next rung. After the last one
/// everything that is left is killed.
struct TeardownStep: Equatable {
  enum Act: Equatable {
    /// End of file on stdin: the polite request of the MCP stdio transport.
    case closeInput
    /// A signal to the upstream's process group.
    case signalGroup(Int32)
  }

  let act: Act
  let patience: Duration

  /// Close stdin, wait, SIGTERM, wait (mcp-checklist STD-7).
  static func ladder(grace: Duration) -> [TeardownStep] {
    [
      TeardownStep(act: .closeInput, patience: grace),
      TeardownStep(act: .signalGroup(SIGTERM), patience: grace),
    ]
  }
}
