import Glibc
import OAuth

/// Writes a credential store from processes of its own, for tests. One thread and no tasks, because it forks.
///
///     warmplane-store-exerciser update STORE KEY COUNT
///         changes KEY as often as COUNT says; the access token is the count so far
///     warmplane-store-exerciser kill STORE KEY ROUNDS SEED
///         as often as ROUNDS says: starts a process that changes KEY without an end, kills it after a random time of
///         0 to 3 ms, and looks at what is there; prints what was wrong, and at last how many changes were seen
@main
enum Main {
  static func main() {
    let arguments = CommandLine.arguments
    switch arguments.count > 1 ? arguments[1] : "" {
    case "update" where arguments.count == 5:
      let store = CredentialStore(path: arguments[2])
      for count in 1...(Int(arguments[4]) ?? 1) { StoreWriter.change(store, arguments[3], to: count) }
    case "kill" where arguments.count == 6:
      var rounds = KillRounds(
        store: CredentialStore(path: arguments[2]), key: arguments[3], seed: UInt64(arguments[5]) ?? 1)
      exit(rounds.run(Int(arguments[4]) ?? 1) ? 0 : 1)
    default:
      print("usage: update STORE KEY COUNT | kill STORE KEY ROUNDS SEED")
      exit(2)
    }
  }
}
