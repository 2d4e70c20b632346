import Glibc

/// The listening sockets that a service manager opened for a daemon: one for control, one for HTTP, or one of them.
package struct PassedSockets: Sendable {
  /// Which descriptor is for what. Decided from values alone.
  package struct Assignment: Sendable, Equatable {
    package var control: Int32?
    package var http: Int32?

    package init(control: Int32? = nil, http: Int32? = nil) {
      self.control = control
      self.http = http
    }
  }

  package typealias Passed = (descriptor: ServiceEnvironment.PassedDescriptor, facts: SocketFacts?)

  /// The numbers. Whoever takes one owns it.
  package let assignment: Assignment
  /// The file of the control socket.
  package let controlPath: String?
  /// The address of the HTTP socket, and its port.
  package let http: (address: String, port: Int)?

  /// Looks at what was passed and makes it ours: close-on-exec and non-blocking. Throws a sentence that names the
  /// descriptor that cannot be used.
  package init(_ descriptors: [ServiceEnvironment.PassedDescriptor]) throws(ServiceEnvironment.Failure) {
    let passed = descriptors.map { ($0, SocketFacts(of: $0.number)) }
    for (descriptor, _) in passed { _ = fcntl(descriptor.number, F_SETFD, FD_CLOEXEC) }
    assignment = try Self.assign(passed)
    var path: String?
    var http: (String, Int)?
    for (descriptor, facts) in passed {
      let flags = fcntl(descriptor.number, F_GETFL)
      guard flags >= 0, fcntl(descriptor.number, F_SETFL, flags | O_NONBLOCK) == 0 else {
        throw ServiceEnvironment.Failure(description: "\(Self.name(descriptor)): \(SystemError("fcntl"))")
      }
      switch facts?.address {
      case .unix(let name): path = name
      case .internet(let address, let port): http = (address, port)
      case .other, nil: break
      }
    }
    controlPath = path
    self.http = http
  }

  /// A name of `control` or `http` says what a socket is for; with any other name its family does.
  package static func assign(_ passed: [Passed]) throws(ServiceEnvironment.Failure) -> Assignment {
    var assignment = Assignment()
    for (descriptor, facts) in passed {
      func refuse(_ reason: String) -> ServiceEnvironment.Failure {
        ServiceEnvironment.Failure(description: "\(name(descriptor)) \(reason)")
      }
      guard let facts else { throw refuse("is not an open socket") }
      guard facts.isStream else { throw refuse("is not a stream socket: use ListenStream= in the socket unit") }
      guard facts.isListening else { throw refuse("does not listen: Accept=yes cannot be used in the socket unit") }
      switch facts.address {
      case .unix:
        guard descriptor.name != "http" else { throw refuse("is a Unix socket, and HTTP needs an IP address") }
        guard assignment.control == nil else { throw refuse("is the second Unix socket, and one is needed") }
        assignment.control = descriptor.number
      case .internet:
        guard descriptor.name != "control" else { throw refuse("is an IP socket, and control needs a path") }
        guard assignment.http == nil else { throw refuse("is the second IP socket, and one is needed") }
        assignment.http = descriptor.number
      case .other: throw refuse("is of a family that is not known here")
      }
    }
    return assignment
  }

  private static func name(_ descriptor: ServiceEnvironment.PassedDescriptor) -> String {
    let name = descriptor.name.isEmpty ? "" : " (\(descriptor.name))"
    return "descriptor \(descriptor.number)\(name) of the service manager"
  }
}
