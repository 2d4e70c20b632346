import Glibc
import Platform
import TestSupport

/// Lets the loop that the caller runs on take `count` full turns.
func turns(_ count: Int, isolation: isolated LoopThread? = #isolation) async {
  guard let loop = isolation?.loop else { return }
  for _ in 0..<count {
    await withCheckedContinuation { continuation in loop.schedule(after: .zero) { continuation.resume() } }
  }
}

/// CPU time of the calling loop's thread during a tenth of a second in which it has nothing to do.
func cpuOfIdleLoop(isolation: isolated LoopThread? = #isolation) async -> Duration {
  guard let loop = isolation?.loop else { return .zero }
  func used() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
  let before = used()
  await withCheckedContinuation { continuation in
    loop.schedule(after: .milliseconds(100)) { continuation.resume() }
  }
  return used() - before
}
