import Glibc
import TestSupport
import Testing

@testable import Platform

/// Real trees of processes below an exit test.
@Suite(.timeLimit(.minutes(5))) struct ProcessTreeTests {
  /// A shell with a child, a grandchild in another session, and a daemon that lost its parents.
  static let tree = """
    sleep 61 & sh -c 'sleep 62 & setsid sleep 63 & wait' & (setsid sh -c 'sleep 64; :' &) ; wait
    """

  @Test func descendantsAreFoundAndKilledWhereverTheyFledTo() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        let reaper = try Reaper()
        let child = try ChildProcess(
          loop: on.loop, reaper: reaper,
          plan: shell(ProcessTreeTests.tree, environment: ["\(ProcessTree.markVariable)=mark \(getpid())"]))
        // Three shells and four sleeps; the shells in between are gone when there is nobody else.
        let sleeps = (61...64).map { "sleep\0\($0)\0" }
        let isComplete = await eventually {
          let lines = ProcessTree.descendants(of: getpid()).map { ProcFile.text("/proc/\($0)/cmdline") ?? "" }
          return lines.count == 7 && sleeps.allSatisfy { lines.contains($0) }
        }
        #expect(isComplete)
        let all = ProcessTree.descendants(of: getpid())
        #expect(Set(all).count == 7 && all.contains(child.pid) && !all.contains(getpid()))
        #expect(Set(ProcessTree.descendants(of: child.pid)).isSubset(of: all))
        // The mark finds the same processes without looking at parents.
        #expect(Set(ProcessTree.marked("mark \(getpid())")) == Set(all))
        #expect(ProcessTree.marked("mark").isEmpty && ProcessTree.marked("mark \(getpid())0").isEmpty)
        #expect(all.allSatisfy { ProcessTree.isAlive($0) })

        let left = ProcessTree.killAll { ProcessTree.descendants(of: getpid()) }
        #expect(left.isEmpty)
        #expect(all.allSatisfy { !ProcessTree.isAlive($0) })
        // What is still there are zombies, ours to reap.
        let areGone = await eventually {
          reaper.childrenChanged()
          return ProcessTree.descendants(of: getpid()).isEmpty
        }
        #expect(areGone)
        #expect(child.exitStatus == .signaled(signal: SIGKILL))
      }
    }
  }

  /// A process that forks while it is being looked for is found in the next round.
  @Test func aForkingFamilyDoesNotEscape() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        let reaper = try Reaper()
        let script = #"n=0; while [ $n -lt 400 ]; do setsid sleep 0.05 & n=$((n+1)); done; sleep 60"#
        _ = try ChildProcess(loop: on.loop, reaper: reaper, plan: shell("(\(script) &) ; \(script)"))
        #expect(await eventually { ProcessTree.descendants(of: getpid()).count > 5 })
        #expect(ProcessTree.killAll { ProcessTree.descendants(of: getpid()) }.isEmpty)
        #expect(ProcessTree.descendants(of: getpid()).allSatisfy { !ProcessTree.isAlive($0) })
      }
    }
  }

  @Test func twoQuietLooksAreEnoughAndOneIsNot() {
    var looks = 0
    #expect(
      ProcessTree.killAll {
        looks += 1; return []
      }.isEmpty)
    #expect(looks == 2)
    // One that is there only at the second look, as after a fork, and is gone already.
    looks = 0
    #expect(
      ProcessTree.killAll(rounds: 3) {
        looks += 1; return looks == 2 ? [Int32.max] : []
      }.isEmpty)
  }

  @Test func resourceFiguresArePlausible() async {
    await #expect(processExitsWith: .success) {
      // A tenth of a second of work, so that the kernel's ticks show it.
      let start = MonotonicTime.now
      var sum = 0
      while MonotonicTime.now - start < .milliseconds(100) { sum &+= 1 }
      var before = rusage()
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &before)
      let figures = ResourceFigures(of: [getpid()])
      let milliseconds =
        (before.ru_utime.tv_sec + before.ru_stime.tv_sec) * 1000
        + Int(before.ru_utime.tv_usec + before.ru_stime.tv_usec) / 1000
      #expect(abs(figures.cpuMilliseconds - milliseconds) < 60, "\(figures) against \(milliseconds) ms")
      #expect(figures.processes == 1)
      #expect(figures.memoryBytes > 1 << 20 && figures.memoryBytes < 1 << 31)
      // What is gone or cannot be read counts nothing; what is there counts once each.
      let none = ResourceFigures(of: [Int32.max, 0, -1])
      #expect(none == ResourceFigures())
      let both = ResourceFigures(of: [getpid(), getppid(), Int32.max])
      #expect(both.processes == 2 && both.memoryBytes > figures.memoryBytes / 2)
      #expect(sum != 0)
    }
  }
}
