package import Protocol
import Supervisor

/// What upstreams tell beside answers, on its way to the clients that want to hear it.
extension FrontRouter {
  package func operationProgressed(_ id: OperationID, _ params: JSONSlice) {}

  package func upstreamNotified(server: String, _ notification: UpstreamNotification) {}
}
