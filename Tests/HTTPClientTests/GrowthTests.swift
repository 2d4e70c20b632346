import Glibc
import HTTPClient
import Platform
import Protocol
import TestSupport
import Testing

struct GrowthTests {
  /// In a process of its own, because only there nobody else opens descriptors.
  @Test func tenThousandExchangesLeaveNothing() async {
    await #expect(processExitsWith: .success) {
      _ = try HTTPPeer.shared.get()
      await DescriptorCount.warmUp()
      var figures: [(descriptors: Int, kilobytes: Int)] = []
      for _ in 0..<5 {
        figures.append(
          try await withClient { _, client in
            await GrowthTests.runExchanges(2_000, client)
            client.close()
            // What is free is given back; the rest differs by what threads keep for themselves.
            GrowthTests.trim()
            return (try DescriptorCount.now(), Files.residentKilobytes())
          })
      }
      #expect(figures.allSatisfy { $0.descriptors == figures[0].descriptors }, "\(figures)")
      // The first rounds fill the allocator's caches; how far differs from round to round.
      let early = figures[..<3].map(\.kilobytes).max() ?? 0
      #expect(figures[4].kilobytes - early < 2_048, "\(figures)")
    }
  }

  /// glibc's `malloc_trim`, which its module does not have.
  fileprivate static func trim() {
    guard let function = dlsym(nil, "malloc_trim") else { return }
    _ = unsafeBitCast(function, to: (@convention(c) (Int) -> Int32).self)(0)
  }

  /// Good and bad exchanges, some at a time.
  fileprivate static func runExchanges(
    _ count: Int, _ client: HTTPClient, isolation: isolated (any Actor)? = #isolation
  ) async {
    let targets = [
      "/ok", "/ok", "/echo", "/half", "/swallow", "/ok", "/redirect", "/status?is=500", "/length?bytes=100000", "/ok",
    ]
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      var (begun, left) = (0, count)
      func next() {
        guard begun < count, var request = try? request("POST", targets[begun % targets.count]) else { return }
        begun += 1
        request.body = [UInt8](repeating: 0x20, count: 1000)
        let transfer = client.start(
          request,
          HTTPHandlers(onEnd: { _ in
            left -= 1
            if left == 0 { continuation.resume() } else { next() }
          }))
        if begun % 50 == 0 { transfer.cancel() }
      }
      for _ in 0..<16 { next() }
    }
  }
}
