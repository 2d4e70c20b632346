import Platform
import Testing

@testable import Store

@Suite struct ReportLimiterTests {
  @Test func oneReportPerKindAndInterval() {
    var limiter = ReportLimiter()
    func admits(_ kind: StoreReport.Kind, _ seconds: Int64) -> Bool {
      limiter.admits(kind, now: MonotonicTime(nanoseconds: seconds * 1_000_000_000))
    }
    #expect(admits(.full, 0) == true)
    #expect(admits(.full, 1) == false)
    #expect(admits(.readOnly, 1) == true)
    #expect(admits(.full, 599) == false)
    #expect(admits(.full, 600) == true)
  }

  @Test func aRecoveryIsToldOnceAndOnlyAfterAFailureThatWasTold() {
    var limiter = ReportLimiter()
    func admits(_ kind: StoreReport.Kind, _ seconds: Int64) -> Bool {
      limiter.admits(kind, now: MonotonicTime(nanoseconds: seconds * 1_000_000_000))
    }
    #expect(admits(.recovered, 0) == false)
    #expect(admits(.setAside, 0) == true)
    #expect(admits(.recovered, 0) == false)
    #expect(admits(.busy, 1) == true)
    #expect(admits(.recovered, 2) == true)
    #expect(admits(.recovered, 3) == false)
    #expect(admits(.busy, 4) == false)
    #expect(admits(.recovered, 5) == false)
  }
}
