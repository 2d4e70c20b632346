import Client
import Configuration
import Platform

/// How the bridge comes to a daemon. Blocking; on any thread.
struct BridgeAttachment: Sendable {
  private let place: DaemonPlace
  /// Whether the command line lets a daemon be started.
  private let isStarting: Bool
  /// What the client is to see, and how.
  let view: BridgeView

  /// For the config file of the command line, which must be valid.
  init(_ arguments: ParsedArguments) throws(CommandFailure) {
    let location: ConfigurationLocation
    do {
      location = try ConfigurationLocation.find(flag: arguments.value(of: .config))
    } catch {
      throw CommandFailure(error.description)
    }
    view = try BridgeView(arguments, try DaemonLocator.checkedConfiguration(location))
    place = try DaemonPlace(location)
    isStarting = !arguments.has(.noStart)
  }

  /// The number of a connected socket, which the caller owns. `mayStart`: somebody needs a daemon now; else this returns
  /// at once.
  func connect(mayStart: Bool) -> Result<Int32, CommandFailure> {
    do throws(ClientError) {
      let socket = try place.attach(isStarting: isStarting && mayStart, isWaiting: mayStart) {
        sockets throws(ClientError) in
        try DaemonFinder.socket(to: sockets)
      }
      return .success(socket.release())
    } catch {
      return .failure(place.failure(error))
    }
  }
}
