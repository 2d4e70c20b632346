import Glibc
import HTTPClient
import OAuth
import Platform
import Protocol

/// Wants tokens from a process of its own, for tests.
///
///     warmplane-oauth-exerciser call STORE KEY URL COUNT
///         as a worker: COUNT requests at once, to be sent with the token of KEY; waits for a line on its standard input
///         first, and says `ready` before
///     warmplane-oauth-exerciser renew STORE KEY URL
///         as `auth refresh`: renews, whatever the clock says
///
/// Prints a line per outcome: `200`, or why there is none.
@main
enum Main {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count >= 5, let profile = OAuthProfile(server: "docs", serverURL: arguments[4]) else {
      print("usage: call STORE KEY URL COUNT | renew STORE KEY URL")
      exit(2)
    }
    do {
      let loop = try EventLoop()
      let exerciser = Exerciser(
        loop: loop, profile: profile, store: CredentialStore(path: arguments[2]), key: arguments[3],
        files: try BlockingThread(name: "files"))
      let count = arguments.count > 5 ? Int(arguments[5]) ?? 1 : 1
      let isCall = arguments[1] == "call"
      print("ready")
      fflush(nil)
      _ = readLine()
      exerciser.begin(isCall ? count : nil)
      loop.run()
    } catch {
      print("\(error)")
      exit(1)
    }
  }
}
