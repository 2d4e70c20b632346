/// What a service manager told this process in its environment: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3).
/// Decided from values alone.
package struct ServiceEnvironment: Sendable, Equatable {
  /// A variable that cannot be followed.
  package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
  }

  /// More descriptors than this are nobody's intention.
  private static let mostDescriptors = 16
  /// Descriptors are passed from this number on.
  private static let firstDescriptor: Int32 = 3
  private static let longestInterval: UInt64 = 1 << 53

  /// A listening socket that was opened for us.
  package struct PassedDescriptor: Sendable, Equatable {
    package let number: Int32
    /// What the unit calls it (`FileDescriptorName=`); empty without a name.
    package let name: String
  }

  /// Where it wants to be told of our state; nil when it does not.
  package let notifySocket: String?
  /// How long it waits for a sign of life; nil when it does not.
  package let watchdog: Duration?
  /// In the order of the unit.
  package let descriptors: [PassedDescriptor]
  /// Whether a service manager started this very process, and may start it again.
  package let isManaged: Bool

  /// - Parameters:
  ///   - pid: Of this process. Variables that are meant for another one are passed over: environments are inherited.
  ///   - environment: Looks up a variable.
  package init(pid: Int32, environment: (String) -> String?) throws(Failure) {
    notifySocket = environment("NOTIFY_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
    let isWatched = environment("WATCHDOG_PID").map { $0 == "\(pid)" } ?? true
    watchdog = isWatched ? try environment("WATCHDOG_USEC").map(Self.interval) : nil
    descriptors =
      environment("LISTEN_PID") == "\(pid)"
      ? try Self.descriptors(count: environment("LISTEN_FDS") ?? "", names: environment("LISTEN_FDNAMES") ?? "") : []
    isManaged = notifySocket != nil || environment("SYSTEMD_EXEC_PID") == "\(pid)"
  }

  /// Without a service manager.
  package init() {
    notifySocket = nil
    watchdog = nil
    descriptors = []
    isManaged = false
  }

  /// Whether a variable is part of this conversation, and nobody else's business.
  package static func isPrivate(_ name: String) -> Bool {
    name == "NOTIFY_SOCKET" || name.hasPrefix("LISTEN_") || name.hasPrefix("WATCHDOG_")
  }

  private static func interval(_ text: String) throws(Failure) -> Duration {
    guard let microseconds = UInt64(text), (1...longestInterval).contains(microseconds) else {
      throw Failure(description: "WATCHDOG_USEC is no number of microseconds: \(text.prefix(64))")
    }
    return .microseconds(Int64(microseconds))
  }

  private static func descriptors(count: String, names: String) throws(Failure) -> [PassedDescriptor] {
    guard let number = Int(count), (0...mostDescriptors).contains(number) else {
      throw Failure(description: "LISTEN_FDS is no number from 0 to \(mostDescriptors): \(count.prefix(64))")
    }
    let names = names.split(separator: ":", omittingEmptySubsequences: false)
    return (0..<number).map { index in
      PassedDescriptor(
        number: firstDescriptor + Int32(index), name: index < names.count ? String(names[index].prefix(255)) : "")
    }
  }
}
