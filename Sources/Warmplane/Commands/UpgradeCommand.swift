import Client
import Glibc
import Platform
import Protocol

/// `upgrade`: the installed program takes the place of the running one; servers and their sessions go on.
enum UpgradeCommand {
  private static let patience = Duration.seconds(20)

  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let place = try DaemonLocator.place(arguments)
    let before: DaemonIdentity
    do throws(ClientError) {
      let client = try DaemonFinder.connect(to: place.sockets, name: "warmplane")
      guard let identity = client.identity else { throw ClientError.badAnswer("the daemon did not say who it is") }
      before = identity
      let program = ExecutablePath.sibling("warmplaned", of: try Self.ownPath())
      let answer = try client.answer(
        to: "upgrade",
        params: { writer in
          writer.beginObject()
          if access(program, X_OK) == 0 { writer.member("program", program) }
          writer.endObject()
        })
      guard answer.isSuccess else { throw ClientError.badAnswer("it will not be replaced") }
    } catch {
      throw place.failure(error)
    }
    let after = try successor(of: before, place)
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("ok", true)
    writer.member("pid", Int(after.pid))
    writer.member("from", before.version)
    writer.member("to", after.version)
    writer.endObject()
    return Console.output(writer.finish() + [0x0A])
  }

  private static func ownPath() throws(ClientError) -> String {
    do { return try ExecutablePath.own() } catch {
      throw .notStarted("cannot find out where this program is: \(error)")
    }
  }

  /// Waits until another daemon answers. Its socket is the old one's: a connection waits there until it is served.
  private static func successor(of before: DaemonIdentity, _ place: DaemonPlace) throws(CommandFailure)
    -> DaemonIdentity
  {
    let indicator = WaitIndicator("Waiting for the new daemon …")
    defer { indicator.clear() }
    let start = MonotonicTime.now
    while true {
      if let client = try? DaemonFinder.connect(to: place.sockets, name: "warmplane"), let identity = client.identity,
        identity.instance != before.instance
      {
        return identity
      }
      let time = MonotonicTime.now - start
      if time > patience {
        throw CommandFailure(
          "the new daemon does not answer after \(patience.components.seconds) s; see `warmplane logs`")
      }
      indicator.update(time)
      poll(nil, 0, 20)
    }
  }
}
