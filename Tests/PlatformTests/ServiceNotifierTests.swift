import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

/// What a service manager gets to read, on real sockets.
@Suite(.timeLimit(.minutes(5))) struct ServiceNotifierTests {
  @Test(arguments: [false, true])
  func aPathAndAnAbstractName(isAbstract: Bool) throws {
    let receiver = try NotifyReceiver(isAbstract: isAbstract)
    let socket = try NotifySocket(receiver.name)
    #expect(socket.send("READY=1\nSTATUS=x") == .sent)
    #expect(receiver.receive() == ["READY=1\nSTATUS=x"])
  }

  @Test(arguments: ["", "/", "@", "relative", "vsock:2:1", "/" + String(repeating: "a", count: 200)])
  func namesThatAreNone(_ name: String) {
    #expect(throws: SystemError.self) { _ = try NotifySocket(name) }
  }

  @Test func aManagerThatIsGoneIsNoFailure() throws {
    let socket = try NotifySocket("/nobody/is/here")
    #expect(socket.send("READY=1") == .lost)
  }

  @Test func statesAreToldAtOnceWithTheTextOfTheMoment() async throws {
    try await LoopThread.run { thread in
      let receiver = try NotifyReceiver()
      var text = "1 server: 1 starting"
      let notifier = try ServiceNotifier(loop: thread.loop, name: receiver.name, watchdog: nil) { text }
      notifier.tell(.ready)
      text = "two\nlines"
      notifier.tell(.stopping)
      #expect(receiver.receive() == ["READY=1\nSTATUS=1 server: 1 starting", "STOPPING=1\nSTATUS=two lines"])
      let before = MonotonicTime.now.nanoseconds / 1000
      notifier.tell(.reloading)
      let lines = try #require(receiver.receive().first).split(separator: "\n")
      #expect(lines.first == "RELOADING=1")
      let moment = try #require(Int64(lines[1].split(separator: "=")[1]))
      #expect(moment >= before && moment <= MonotonicTime.now.nanoseconds / 1000)
    }
  }

  @Test func textsComeAtMostOnceASecondAndOnlyWhenTheyDiffer() async throws {
    try await LoopThread.run { thread in
      let receiver = try NotifyReceiver()
      var text = "0"
      let notifier = try ServiceNotifier(loop: thread.loop, name: receiver.name, watchdog: nil) { text }
      notifier.tell(.ready)
      let start = MonotonicTime.now
      for number in 1...50 {
        text = "\(number)"
        notifier.textMayHaveChanged()
        await turns(1)
      }
      #expect(await eventually { receiver.gathered().last == "STATUS=50" })
      let elapsed = MonotonicTime.now - start
      #expect(elapsed >= .milliseconds(950))
      #expect(receiver.gathered().first == "READY=1\nSTATUS=0")
      #expect(receiver.gathered().count <= 1 + Int(elapsed / .seconds(1) + 0.1), "\(receiver.gathered()) in \(elapsed)")
      notifier.textMayHaveChanged()
      notifier.tell(.stopping)
      #expect(receiver.receive() == ["STOPPING=1\nSTATUS=50"], "the same text is no news")
    }
  }

  @Test func signsOfLifeComeFromTheLoopTwiceInTheTimeThatTheManagerWaits() async throws {
    try await LoopThread.run { thread in
      let receiver = try NotifyReceiver()
      let start = MonotonicTime.now
      let notifier = try ServiceNotifier(
        loop: thread.loop, name: receiver.name, watchdog: .milliseconds(60)
      ) { "" }
      #expect(await eventually { receiver.gathered().count { $0 == "WATCHDOG=1" } >= 5 })
      let elapsed = MonotonicTime.now - start
      #expect(elapsed >= .milliseconds(4 * 30), "\(elapsed)")
      // A loop that is stuck gives none.
      _ = receiver.receive()
      usleep(150_000)
      #expect(receiver.receive().isEmpty)
      withExtendedLifetime(notifier) {}
    }
  }

  @Test func nothingIsLostWhenTheManagerIsSlow() async throws {
    try await LoopThread.run { thread in
      let receiver = try NotifyReceiver()
      let notifier = try ServiceNotifier(loop: thread.loop, name: receiver.name, watchdog: nil) { "" }
      let filler = try NotifySocket(receiver.name)
      var fillings = 0
      while filler.send("X=1") == .sent { fillings += 1 }
      notifier.tell(.ready)
      notifier.tell(.stopping)
      #expect(receiver.receive() == Array(repeating: "X=1", count: fillings))
      #expect(await eventually { receiver.gathered() == ["READY=1\nSTATUS=", "STOPPING=1\nSTATUS="] })
    }
  }
}

/// The end of a service manager.
private final class NotifyReceiver {
  let name: String
  private let scratch: ScratchDirectory
  private let socket: OwnedDescriptor
  private var kept: [String] = []

  init(isAbstract: Bool = false) throws {
    scratch = try ScratchDirectory()
    name = isAbstract ? "@warmplane-test-\(getpid())-\(UInt64.random(in: 0 ... .max))" : scratch.file("notify")
    let number = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    socket = OwnedDescriptor(owning: number)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    if isAbstract { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(2 + bytes.count + (isAbstract ? 0 : 1))
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, length) }
    }
    if result != 0 { throw SystemError("bind", subject: name) }
  }

  /// The datagrams that are there.
  func receive() -> [String] {
    var datagrams: [String] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(socket.number, &buffer, buffer.count, 0)
      if count < 0 { return datagrams }
      datagrams.append(String(decoding: buffer.prefix(count), as: UTF8.self))
    }
  }

  /// Those, and all that this has returned before.
  func gathered() -> [String] {
    kept += receive()
    return kept
  }
}
