import Platform
import Protocol
import TestSupport
import Testing

@testable import OAuth

/// One refresh token, several processes.
struct ManyProcessesTests {
  @Test(
    "50 concurrent calls of two workers, and a command, with an expired rotating refresh token: one refresh request")
  func oneRefreshRequest() async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      let old = try world.tokens()
      try world.expire(in: -1)
      // Slow enough that all of them want it meanwhile.
      try await world.change(#"{"token_faults":[{"delay":0.5}]}"#)
      let arguments = [world.store.path, "docs", world.resource]
      let processes = [
        try OAuthProcess(["call"] + arguments + ["25"]), try OAuthProcess(["call"] + arguments + ["25"]),
        try OAuthProcess(["renew"] + arguments),
      ]
      for process in processes { try process.go() }
      let thread = try BlockingThread(name: "wait")
      let waiting = LoopBound(processes)
      let lines = await thread.run { waiting.value.map { (try? $0.lines()) ?? ["no output"] } } ?? []
      #expect(lines.map(\.count) == [25, 25, 1])
      #expect(lines.joined().allSatisfy { $0 == "200" }, "\(lines)")
      #expect(try await world.tokenRequests().count == 2)
      let new = try world.tokens()
      #expect(new.refreshToken != old.refreshToken)
      #expect(try await world.call(world.authorizer()).status == 200)
    }
  }

  @Test("a process that dies while it renews holds up nobody")
  func deathOfTheRenewer() async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      try world.expire(in: -1)
      try await world.change(#"{"token_faults":[{"delay":3600}]}"#)
      let process = try OAuthProcess(["call", world.store.path, "docs", world.resource, "1"])
      try process.go()
      while try await world.tokenRequests().count < 2 {}
      process.kill()
      #expect(try await world.call(world.authorizer()).status == 200)
      let waiting = LoopBound(process)
      _ = await world.files.run { try? waiting.value.lines() }
    }
  }
}
