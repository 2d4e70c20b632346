import Glibc
import Platform
import TestSupport
import Testing

/// Children of our own. Being a subreaper and having children concerns a whole process: exit tests.
@Suite(.timeLimit(.minutes(5))) struct ChildProcessTests {
  @Test func theExitStatusIsToldOnce() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        let reaper = try Reaper()
        let rows: [(script: String, status: Platform.ExitStatus)] = [
          ("exit 0", .exited(code: 0)), ("exit 1", .exited(code: 1)), ("exit 255", .exited(code: 255)),
          ("kill -KILL $$", .signaled(signal: SIGKILL)), ("kill -TERM $$", .signaled(signal: SIGTERM)),
          ("kill -ABRT $$", .signaled(signal: SIGABRT)),
        ]
        for row in rows {
          var statuses: [Platform.ExitStatus] = []
          let child = try ChildProcess(loop: on.loop, reaper: reaper, plan: shell(row.script))
          child.onExit = { statuses.append($0) }
          #expect(reaper.isOwn(child.pid) && reaper.ownPids == [child.pid])
          #expect(await eventually { !statuses.isEmpty })
          reaper.childrenChanged()
          await turns(2)
          #expect(statuses == [row.status] && child.exitStatus == row.status, "\(row.script)")
          #expect(!reaper.isOwn(child.pid) && reaper.ownPids.isEmpty)
          #expect(!child.send(signal: SIGTERM))
        }
      }
    }
  }

  @Test func signalsReachARunningChild() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        let reaper = try Reaper()
        let child = try ChildProcess(loop: on.loop, reaper: reaper, plan: shell("exec sleep 60"))
        let status = await withCheckedContinuation { continuation in
          child.onExit = { continuation.resume(returning: $0) }
          #expect(child.send(signal: SIGTERM))
        }
        #expect(status == .signaled(signal: SIGTERM))
      }
    }
  }

  /// The reaper may learn of the end before the child's own watch does.
  @Test func theReaperTellsTheOwnerOfAChild() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        let reaper = try Reaper()
        let child = try ChildProcess(loop: on.loop, reaper: reaper, plan: shell("exit 7"))
        var statuses: [Platform.ExitStatus] = []
        child.onExit = { statuses.append($0) }
        // No turn of the loop here.
        let deadline = MonotonicTime.now + .seconds(10)
        while statuses.isEmpty && .now < deadline { reaper.childrenChanged() }
        #expect(statuses == [.exited(code: 7)])
        await turns(3)
        #expect(statuses.count == 1)
      }
    }
  }

  /// exec keeps an ignored SIGCHLD, and then the kernel would reap children itself.
  @Test func anIgnoredChildSignalOfOurParentDoesNoHarm() async {
    await #expect(processExitsWith: .success) {
      signal(SIGCHLD, SIG_IGN)
      try await LoopThread.run { on in
        let reaper = try Reaper()
        let child = try ChildProcess(loop: on.loop, reaper: reaper, plan: shell("exit 3"))
        #expect(await eventually { child.exitStatus != nil })
        #expect(child.exitStatus == .exited(code: 3))
      }
    }
  }

  @Test func orphansBecomeOursAndAreReaped() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        let reaper = try Reaper()
        // Forks twice and leaves the session, as a daemon does.
        let child = try ChildProcess(
          loop: on.loop, reaper: reaper, plan: shell("(setsid sh -c 'sleep 60; :' &) ; exit 0"))
        #expect(await eventually { child.exitStatus != nil })
        #expect(await eventually { ProcessTree.descendants(of: getpid()).count == 2 })
        let orphans = ProcessTree.children(of: getpid())
        #expect(orphans.count == 1 && !reaper.isOwn(orphans[0]))
        for pid in ProcessTree.descendants(of: getpid()) { kill(pid, SIGKILL) }
        let areGone = await eventually {
          reaper.childrenChanged()
          return ProcessTree.descendants(of: getpid()).isEmpty
        }
        #expect(areGone)
        #expect(kill(orphans[0], 0) == -1 && errno == ESRCH, "not even a zombie is left")
      }
    }
  }

  @Test func aChildGetsWhatThePlanNamesAndNothingElse() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        let reaper = try Reaper()
        // Would be inherited if descriptors were; SIGTERM is blocked and SIGINT ignored here.
        let leaked = dup(1)
        #expect(fcntl(leaked, F_GETFD) & FD_CLOEXEC == 0)
        signal(SIGINT, SIG_IGN)
        var output = try OwnedDescriptor.pipe()
        var passed = try OwnedDescriptor.pipe()
        let passedReader = passed.takeFirst()
        var plan = shell(
          """
          set -- "$A" $(cut -d' ' -f6 /proc/$$/stat) $$; [ "$2" = "$3" ] && session=own
          grep SigBlk /proc/self/status; grep SigIgn /proc/self/status
          n=0; while [ $n -lt 64 ]; do [ -e /proc/$$/fd/$n ] && printf "$n "; n=$((n + 1)); done
          echo "$session $A"; read line; echo "input:$line"; echo three >&3
          """, environment: ["A=b c"])
        plan.output = output.takeSecond()
        plan.passed = passed.takeSecond()
        let child = try ChildProcess(loop: on.loop, reaper: reaper, plan: plan)
        let channel = ByteChannel(loop: on.loop, reading: output.takeFirst(), writing: nil)
        var text = ""
        var isOver = false
        channel.onBytes = { text += String(decoding: $0, as: UTF8.self) }
        channel.onEnd = { _ in isOver = true }
        try channel.start()
        #expect(await eventually { isOver && child.exitStatus != nil })
        let lines = text.split(separator: "\n").map(String.init)
        try #require(lines.count == 4)
        #expect(lines[0] == "SigBlk:\t0000000000000000")
        // glibc's spawn leaves its own two signals, 32 and 33, ignored.
        let ignored = try #require(UInt64(lines[1].dropFirst("SigIgn:\t".count), radix: 16))
        #expect(ignored & ~0x1_8000_0000 == 0)
        #expect(lines[2...] == ["0 1 2 3 own b c", "input:"])
        var bytes = [UInt8](repeating: 0, count: 16)
        #expect(read(passedReader.number, &bytes, 16) == 6)
        close(leaked)
      }
    }
  }

  @Test func failedSpawnsSaySoAndLeaveNothing() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        let reaper = try Reaper()
        let scratch = try ScratchDirectory()
        let plain = scratch.file("plain")
        _ = try OwnedDescriptor.open(plain, O_RDWR | O_CREAT)
        await DescriptorCount.warmUp()
        let start = try DescriptorCount.now()
        for _ in 0..<64 {
          for (program, code) in [("/no/such/program", ENOENT), (plain, EACCES), (scratch.path, EACCES)] {
            #expect(throws: SystemError("posix_spawn", code: code, subject: program)) {
              var plan = SpawnPlan(program: program, arguments: ["x"], environment: [])
              var pipe = try OwnedDescriptor.pipe()
              plan.input = pipe.takeFirst()
              plan.output = pipe.takeSecond()
              _ = try ChildProcess(loop: on.loop, reaper: reaper, plan: plan)
            }
          }
        }
        #expect(try DescriptorCount.now() < start + 10)
        #expect(reaper.ownPids.isEmpty && ProcessTree.children(of: getpid()).isEmpty)
      }
    }
  }

  @Test func endedChildrenLeaveNoDescriptor() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        let reaper = try Reaper()
        await DescriptorCount.warmUp()
        let start = try DescriptorCount.now()
        for _ in 0..<40 {
          let child = try ChildProcess(loop: on.loop, reaper: reaper, plan: shell("exit 0"))
          #expect(await eventually { child.exitStatus != nil })
        }
        // The runtime may open a few for itself.
        #expect(try await eventually { try DescriptorCount.now() < start + 10 })
      }
    }
  }

  @Test func aForeignProcessIsWaitedForByItsDescriptor() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        let reaper = try Reaper()
        let child = try ChildProcess(loop: on.loop, reaper: reaper, plan: shell("exec sleep 60"))
        let foreign = try ForeignProcess(pid: child.pid)
        let hasEnded = foreign.waitForEnd(atMost: .milliseconds(20))
        #expect(!hasEnded)
        child.send(signal: SIGKILL)
        let endsThen = foreign.waitForEnd(atMost: .seconds(10))
        #expect(endsThen)
        #expect(await eventually { child.exitStatus != nil })
        #expect(throws: SystemError("pidfd_open", code: ESRCH, subject: "\(child.pid)")) {
          _ = try ForeignProcess(pid: child.pid)
        }
      }
    }
  }
}
