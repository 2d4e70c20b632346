import Glibc
import Platform
import Protocol

/// A command's connection that outlives its daemon: when that goes away before the answer, the next one is asked what became
/// of the request. Blocking; not for use by several threads.
package final class ReturningClient {
  /// Connects to a daemon and introduces the command as this client; starts one where that is allowed.
  package typealias Connect = (_ client: String) throws(ClientError) -> ControlClient

  /// How long a daemon is looked for that nobody may start.
  private static let patience = Duration.seconds(10)
  /// More daemons in a row than this do not survive our question, or something else does not.
  private static let mostReturns = 64

  private let connect: Connect
  /// Tells this command's requests from all others, for a daemon that did not take them itself.
  private let name = OperationID.random().description
  private var client: ControlClient

  package init(_ connect: @escaping Connect) throws(ClientError) {
    self.connect = connect
    client = try connect(name)
  }

  /// Sends an operation and blocks until its answer is there; the daemons' deadline is the only one.
  package func answer(
    to operation: FacadeOperation, profile: String?, onWait: WaitObserver? = nil
  ) throws(ClientError) -> ServiceAnswer {
    let askedAt = MonotonicTime.now.nanoseconds
    var returns = 0
    while true {
      do {
        return try client.answer(to: operation.method, onWait: onWait) { writer in
          operation.writeParams(to: &writer, profile: profile, askedAt: returns == 0 ? nil : askedAt)
        }
      } catch {
        guard case .connectionLost(let reason) = error, returns < Self.mostReturns else { throw error }
        let lost = client.identity?.instance
        do throws(ClientError) {
          client = try reconnect(onWait)
        } catch {
          throw .connectionLost("\(reason); \(error)")
        }
        // Only another daemon can know what became of it; one that cannot be told apart may be the same.
        let isAnother = lost != nil && client.identity?.instance != nil && client.identity?.instance != lost
        guard isAnother else { throw error }
        returns += 1
      }
    }
  }

  private func reconnect(_ onWait: WaitObserver?) throws(ClientError) -> ControlClient {
    let start = MonotonicTime.now
    while true {
      do throws(ClientError) {
        return try connect(name)
      } catch {
        guard case .nobodyListens = error, MonotonicTime.now - start < Self.patience else { throw error }
      }
      onWait?(MonotonicTime.now - start)
      poll(nil, 0, 25)
    }
  }
}
