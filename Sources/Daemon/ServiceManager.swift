import Glibc
import Platform

/// What a service manager wants of this daemon and gave to it, taken from the environment once.
struct ServiceManager {
  let environment: ServiceEnvironment
  /// Nil when it opened none, or when the program before us in this process took them.
  let sockets: PassedSockets?

  /// - Parameters:
  ///   - isBackground: A command started this daemon. Whatever manages that command does not manage us, and must not
  ///     hear of us.
  ///   - isSuccessor: The program before us in this process took the sockets, and passes them on by itself.
  static func take(isBackground: Bool, isSuccessor: Bool) throws(ServiceEnvironment.Failure) -> ServiceManager {
    if isBackground {
      for (name, _) in ProcessEnvironment.all where ServiceEnvironment.isPrivate(name) { unsetenv(name) }
      return ServiceManager(environment: ServiceEnvironment(), sockets: nil)
    }
    let environment = try ServiceEnvironment(pid: getpid()) { ProcessEnvironment[$0] }
    // Their numbers mean something else from now on. What is told to the manager, and how often, stays for a successor.
    for (name, _) in ProcessEnvironment.all where name.hasPrefix("LISTEN_") { unsetenv(name) }
    let hasSockets = !environment.descriptors.isEmpty && !isSuccessor
    return ServiceManager(
      environment: environment, sockets: hasSockets ? try PassedSockets(environment.descriptors) : nil)
  }

  /// The listening socket for `/v1`; throws a sentence when it is not that of the configuration, so that nobody serves
  /// more, or elsewhere, than the file says.
  func httpSocket(address: String, port: Int) throws(Instance.Failure) -> Int32? {
    guard let number = sockets?.assignment.http, let opened = sockets?.http else { return nil }
    guard opened.address == address, port == 0 || opened.port == port else {
      throw .other(
        "the service manager opened \(opened.address) port \(opened.port) for HTTP, and the configuration says "
          + "\(address) port \(port); change the socket unit, or `bind` and `port`")
    }
    return number
  }
}
