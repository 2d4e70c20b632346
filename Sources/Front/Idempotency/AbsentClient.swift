import Protocol
import Supervisor

/// In place of a client that went away while its operation goes on: the outcome is for whoever asks with its key.
/// Loop-confined.
final class AbsentClient: ReplyTarget {
  let surface: String
  let scope: Scope

  init(of target: any ReplyTarget) {
    surface = target.surface
    scope = target.scope
  }

  var origin: RequestOrigin? { nil }
  var delivery: Delivery { .done }

  func reply(status: Int, body: [UInt8], allow: String?) {}

  func began(_ operation: OperationID, abandon: @escaping () -> Void) {}

  func ended(_ operation: OperationID) {}
}
