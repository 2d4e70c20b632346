/// The way to a daemon that a facade command takes.
package enum FacadeConnection {
  case control(ReturningClient)
  case http(LoopbackHTTPClient)

  /// Sends one operation and blocks until its answer is there; the daemon's deadline is the only one. `profile`: what may be
  /// seen, nil = everything. `onWait` is called from time to time with the time that has passed.
  package func answer(
    to operation: FacadeOperation, profile: String?, onWait: WaitObserver? = nil
  ) throws(ClientError) -> ServiceAnswer {
    switch self {
    case .control(let client): try client.answer(to: operation, profile: profile, onWait: onWait)
    case .http(let client): try client.answer(to: operation.request(profile: profile), onWait: onWait)
    }
  }
}
