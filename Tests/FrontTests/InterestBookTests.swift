import Protocol
import Testing

@testable import Front

/// What is wanted of servers, from what many sessions want.
@Suite struct InterestBookTests {
  private final class Session {}
  private let sessions = [Session(), Session(), Session()]

  private func key(_ number: Int) -> InterestBook.Listener { ObjectIdentifier(sessions[number]) }

  private func resource(_ uri: String, _ server: String = "s") -> WatchedResource {
    WatchedResource(server: server, uri: uri)
  }

  // MARK: Resources

  @Test func resourcesAreCounted() {
    var book = InterestBook()
    let came = [
      book.watch(resource("x:b"), key(0)), book.watch(resource("x:a"), key(0)), book.watch(resource("x:b"), key(1)),
      book.watch(resource("x:b"), key(0)), book.watch(resource("x:c", "t"), key(2)),
    ]
    #expect(came == [true, true, false, false, true])
    #expect(book.uris(of: "s") == ["x:a", "x:b"] && book.uris(of: "t") == ["x:c"] && book.uris(of: "u").isEmpty)
    #expect(book.listeners(to: "x:b", of: "s") == [key(0), key(1)])
    #expect(book.listeners(to: "x:b/part", of: "s") == [key(0), key(1)] && book.listeners(to: "x:b", of: "t").isEmpty)
    let went = [
      book.unwatch(resource("x:b"), key(0)), book.unwatch(resource("x:b"), key(1)),
      book.unwatch(resource("x:b"), key(2)), book.unwatch(resource("x:b"), key(0)),
      book.unwatch(resource("x:b"), key(0)),
    ]
    #expect(went == [false, false, false, true, false])
    #expect(book.uris(of: "s") == ["x:a"])
  }

  @Test("a server without subscriptions leaves nothing behind")
  func nothingIsLeft() {
    var book = InterestBook()
    for number in 0..<10 {
      let resource = resource("x:\(number)", "server \(number)")
      _ = book.watch(resource, key(0))
      #expect(book.servers.count == 1)
      _ = book.unwatch(resource, key(0))
    }
    #expect(book.servers.isEmpty)
  }

  @Test func bound() {
    var book = InterestBook()
    for number in 0..<Interests.mostResources {
      #expect(book.hasRoom(for: resource("x:\(number)")))
      _ = book.watch(resource("x:\(number)"), key(number % 2))
    }
    #expect(!book.hasRoom(for: resource("x:more")))
    #expect(book.hasRoom(for: resource("x:7")) && book.hasRoom(for: resource("x:more", "t")))
    #expect(book.uris(of: "s") == book.uris(of: "s").sorted() && book.uris(of: "s").count == Interests.mostResources)
    _ = book.unwatch(resource("x:7"), key(1))
    #expect(book.hasRoom(for: resource("x:more")))
  }

  @Test func whoHearsOfAnInterruption() {
    var book = InterestBook()
    for uri in ["x:a", "x:b"] { _ = book.watch(resource(uri), key(0)) }
    _ = book.watch(resource("x:b"), key(1))
    _ = book.watch(resource("x:b", "t"), key(2))
    let told = [
      book.noteReadiness(true, of: "s"), book.noteReadiness(false, of: "s"), book.noteReadiness(false, of: "s"),
      book.noteReadiness(true, of: "s"), book.noteReadiness(true, of: "s"), book.noteReadiness(false, of: "nobody's"),
      book.noteReadiness(true, of: "nobody's"),
    ]
    #expect(told == [[], [], [], [key(0), key(1)], [], [], []])
  }

  // MARK: Levels

  private struct Step {
    /// Nil: the session ends.
    let change: (level: MessageLevel?, scope: ScopeName)?
    let session: Int
    let isChanged: Bool
    /// Of the servers a, which only everybody sees, and b.
    let wanted: [MessageLevel?]
  }

  @Test func levels() {
    let (all, b) = (ScopeName.everything, ScopeName.server("b"))
    let steps = [
      Step(change: (nil, all), session: 0, isChanged: true, wanted: [nil, nil]),
      Step(change: (nil, all), session: 1, isChanged: false, wanted: [nil, nil]),
      Step(change: (.error, b), session: 2, isChanged: true, wanted: [nil, .info]),
      Step(change: (.error, b), session: 2, isChanged: false, wanted: [nil, .info]),
      Step(change: (.debug, all), session: 1, isChanged: true, wanted: [.debug, .debug]),
      Step(change: (.warning, all), session: 1, isChanged: true, wanted: [.info, .info]),
      Step(change: nil, session: 0, isChanged: true, wanted: [.warning, .warning]),
      Step(change: nil, session: 1, isChanged: true, wanted: [nil, .error]),
      Step(change: nil, session: 1, isChanged: false, wanted: [nil, .error]),
      Step(change: nil, session: 2, isChanged: true, wanted: [nil, nil]),
    ]
    var book = InterestBook()
    for (number, step) in steps.enumerated() {
      let isChanged =
        step.change.map { book.setLevel($0.level, key(step.session), in: $0.scope) }
        ?? (book.forgetLevel(key(step.session)) != nil)
      #expect(isChanged == step.isChanged, "step \(number)")
      let wanted = [book.wantedLevel { $0 == all }, book.wantedLevel { $0 == all || $0 == b }]
      #expect(wanted == step.wanted, "step \(number)")
    }
  }

  // MARK: The sum

  @Test func whatIsSaidTwiceAndWhatIsTooMuch() {
    let uris = (0..<Interests.mostResources).map { "x:\(1000 + $0)" }
    let own = Interests(logLevel: .error, ascending: Array(uris[500...]))
    let sum = own.union(Interests(logLevel: .debug, resources: uris[..<600] + ["a:first", "a:second"]))
    #expect(sum.logLevel == .debug && sum.resources.count == Interests.mostResources)
    #expect(sum.resources == sum.resources.sorted() && Set(sum.resources).isSuperset(of: uris[500...]))
    #expect(own.union(.none) == own && Interests.none.union(own) == own)
  }
}
