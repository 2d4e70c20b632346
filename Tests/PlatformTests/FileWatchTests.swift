import Glibc
import TestSupport
import Testing

@testable import Platform

/// Changes of files, and what does not count as one.
@Suite(.timeLimit(.minutes(5))) struct FileWatchTests {
  /// What a test does with the files of its directory.
  private struct Files {
    let directory: ScratchDirectory

    func path(_ name: String) -> String { directory.file(name) }

    func make(_ name: String) { #expect(mkdir(path(name), 0o700) == 0, "\(name)") }

    func write(_ text: String, _ name: String) {
      let file = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      #expect(file >= 0 && Glibc.write(file, text, text.utf8.count) == text.utf8.count, "\(name)")
      close(file)
    }

    /// As careful programs write: beside the file, then in its place.
    func replace(_ text: String, _ name: String) {
      write(text, "\(name).tmp")
      move("\(name).tmp", name)
    }

    func move(_ name: String, _ other: String) { #expect(rename(path(name), path(other)) == 0, "\(name)") }

    func remove(_ name: String) { #expect(Glibc.remove(path(name)) == 0, "\(name)") }

    func link(_ target: String, _ name: String) { #expect(symlink(target, path(name)) == 0, "\(name)") }
  }

  /// Watches for `names`, after `prepare`, and runs each of `steps`: true means that it must be told, false that it must
  /// not.
  private func run(
    _ names: [String], prepare: @Sendable (Files) -> Void = { _ in }, limit: Int = FileWatch.mostDirectories,
    _ steps: [(isTold: Bool, step: @Sendable (Files) -> Void)]
  ) async throws {
    let files = Files(directory: try ScratchDirectory())
    prepare(files)
    try await LoopThread.run { on in
      let watch = FileWatch(loop: on.loop, thread: try BlockingThread(name: "watch"), limit: limit)
      var count = 0
      watch.onChange = { count += 1 }
      watch.watch(names.map { files.path($0) })
      #expect(await eventually { count == 1 && watch.isQuiet }, "the first look")
      for (index, (isTold, step)) in steps.enumerated() {
        let before = count
        step(files)
        if isTold {
          #expect(await eventually { watch.isQuiet && count > before }, "step \(index)")
        } else {
          // The kernel knows at once; the loop has read it after a turn.
          await turns(3)
          #expect(watch.isQuiet && count == before, "step \(index)")
        }
      }
      watch.close()
      let last = count
      files.write("after the end", names[0].contains("/") ? "stray" : names[0])
      await turns(3)
      #expect(count == last && watch.isQuiet)
    }
  }

  @Test func aFileThatIsWrittenReplacedAndRemoved() async throws {
    try await run(
      ["store"],
      [
        (true, { $0.write("1", "store") }),
        (false, { $0.write("1", "store.lock") }),
        (true, { $0.replace("2", "store") }),
        (true, { $0.write("3", "store") }),
        (true, { #expect(chmod($0.path("store"), 0) == 0) }),
        (false, { $0.write("x", "other") }),
        (true, { $0.move("store", "elsewhere") }),
        (true, { $0.move("elsewhere", "store") }),
        (true, { $0.remove("store") }),
      ])
  }

  @Test func directoriesThatAreMadeLater() async throws {
    try await run(
      ["a/b/c/store"],
      [
        (false, { $0.make("other") }),
        (true, { $0.make("a") }),
        (true, { $0.make("a/b") }),
        (true, { $0.make("a/b/c") }),
        (false, { $0.write("x", "a/b/c/other") }),
        (true, { $0.replace("1", "a/b/c/store") }),
        (true, { $0.remove("a/b/c/store") }),
      ])
  }

  /// All at once: the watches come after the fact, and the owner looks once they are there.
  @Test func directoriesThatAreMadeTogether() async throws {
    try await run(
      ["a/b/store"],
      [
        (
          true,
          {
            $0.make("a")
            $0.make("a/b")
            $0.write("1", "a/b/store")
          }
        ),
        (true, { $0.replace("2", "a/b/store") }),
      ])
  }

  @Test func directoriesThatVanishAndComeBack() async throws {
    try await run(
      ["a/store"], prepare: { $0.make("a") },
      [
        (true, { $0.remove("a") }),
        (true, { $0.make("a") }),
        (true, { $0.write("1", "a/store") }),
        (true, { $0.move("a", "b") }),
        (false, { $0.write("2", "b/store") }),
        (true, { $0.move("b", "a") }),
        (true, { $0.write("3", "a/store") }),
      ])
  }

  @Test func linksAndTheirTargets() async throws {
    try await run(
      ["home/store"],
      prepare: { files in
        for name in ["home", "dotfiles", "other"] { files.make(name) }
        files.write("1", "dotfiles/store")
        files.link("../dotfiles/store", "home/store")
      },
      [
        (true, { $0.replace("2", "dotfiles/store") }),
        (
          true,
          {
            $0.remove("home/store")
            $0.link($0.path("other/real"), "home/store")
          }
        ),
        (false, { $0.replace("3", "dotfiles/store") }),
        (true, { $0.write("4", "other/real") }),
      ])
  }

  @Test func aLinkThatLeadsToItself() async throws {
    try await run(
      ["store"], prepare: { $0.link("store", "store") },
      [(true, { $0.replace("1", "store") })])
  }

  @Test func severalPaths() async throws {
    try await run(
      ["one", "a/two"], prepare: { $0.make("a") },
      [(true, { $0.write("1", "one") }), (true, { $0.write("1", "a/two") }), (false, { $0.write("1", "two") })])
  }

  /// Where nothing can be watched, the owner is told to look for itself.
  @Test func limitsOfTheKernel() async throws {
    try await LoopThread.run { on in
      let directory = try ScratchDirectory()
      let watch = FileWatch(loop: on.loop, thread: try BlockingThread(name: "watch"), limit: 0)
      var count = 0
      watch.onChange = { count += 1 }
      watch.watch([directory.file("store")])
      #expect(await eventually { count == 2 })
      watch.close()
    }
  }

  @Test func otherPathsAreWatchedInstead() async throws {
    try await LoopThread.run { on in
      let files = Files(directory: try ScratchDirectory())
      for name in ["a", "b"] { files.make(name) }
      let watch = FileWatch(loop: on.loop, thread: try BlockingThread(name: "watch"))
      var count = 0
      watch.onChange = { count += 1 }
      watch.watch([files.path("a/store")])
      // A second wish while the first is being granted.
      watch.watch([files.path("b/store")])
      #expect(await eventually { watch.isQuiet && count > 0 })
      let before = count
      files.write("1", "b/store")
      #expect(await eventually { watch.isQuiet && count > before })
      let last = count
      files.write("1", "a/store")
      await turns(3)
      #expect(count == last && watch.isQuiet)
      watch.close()
    }
  }
}
