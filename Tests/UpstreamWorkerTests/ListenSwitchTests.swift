import Protocol
import Testing

@testable import UpstreamWorker

/// `subscriptions/listen`: the next one is open before the last one is closed.
@Suite struct ListenSwitchTests {
  private static let modern = InterestStateTests.session(
    #"{"tools":{"listChanged":true},"resources":{"subscribe":true}}"#, .july2026)

  private func filter(_ uris: String...) -> Subscription? { Subscription(Self.modern, resources: uris) }

  @Test func filters() throws {
    let both = try #require(filter("a", "b"))
    #expect(both.kinds == [.tools] && both.resources == ["a", "b"])
    let text = String(decoding: both.request(id: .string("listen-1")), as: UTF8.self)
    #expect(text.contains(#""notifications":{"toolsListChanged":true,"resourceSubscriptions":["a","b"]}"#))
    #expect(both.withoutResources == filter() && filter()?.withoutResources == nil)
    for capabilities in ["{}", #"{"resources":{}}"#, #"{"tools":{"listChanged":false},"logging":{}}"#] {
      #expect(Subscription(InterestStateTests.session(capabilities, .july2026), resources: ["a"]) == nil)
    }
    #expect(Subscription(InterestStateTests.session(#"{"tools":{"listChanged":true}}"#), resources: []) == nil)
    let resourcesOnly = InterestStateTests.session(#"{"resources":{"subscribe":true}}"#, .july2026)
    #expect(Subscription(resourcesOnly) == nil && Subscription(resourcesOnly, resources: ["a"])?.kinds == [])
  }

  @Test func theNewOneFirst() throws {
    var listens = ListenSwitch()
    #expect(listens.want(nil) == [])
    let lists = try #require(filter())
    let one = try #require(filter("a"))
    let two = try #require(filter("a", "b"))
    #expect(listens.want(lists) == [.open(1, lists)])
    #expect(listens.want(lists) == [])
    #expect(listens.acknowledged(1).actions == [] && listens.acknowledged(7).actions == [])
    #expect(listens.want(one) == [.open(2, one)])
    #expect(listens.tells(1) && !listens.tells(2), "until it is acknowledged the first one tells")
    #expect(listens.want(two) == [], "one change at a time")
    #expect(listens.acknowledged(2).actions == [.close(1), .open(3, two)])
    #expect(!listens.tells(1) && listens.tells(2))
    #expect(listens.acknowledged(3).actions == [.close(2)])
    #expect(listens.want(nil) == [.close(3)])
    #expect(listens.want(lists) == [.open(4, lists)])
  }

  @Test func refusals() throws {
    var listens = ListenSwitch()
    let lists = try #require(filter())
    let one = try #require(filter("a"))
    _ = listens.want(lists)
    _ = listens.acknowledged(1)
    #expect(listens.want(one) == [.open(2, one)])
    #expect(listens.refused(2) == [], "the first one stays")
    #expect(listens.tells(1) && listens.want(one) == [], "what was refused is not asked again")
    #expect(listens.want(lists) == [] && listens.want(one) == [.open(3, one)])
    // From the beginning: the lists alone are better than nothing.
    var other = ListenSwitch()
    #expect(other.want(one) == [.open(1, one)])
    #expect(other.refused(1) == [.open(2, lists)])
    #expect(other.refused(2) == [] && other.want(one) == [], "two refusals are enough")
  }

  @Test func lateRefusals() throws {
    var listens = ListenSwitch()
    let lists = try #require(filter())
    let one = try #require(filter("a"))
    let two = try #require(filter("a", "b"))
    _ = listens.want(lists)
    _ = listens.acknowledged(1)
    #expect(listens.want(one) == [.open(2, one)])
    #expect(listens.acknowledged(2).actions == [.close(1)], "after a while, without a word of the server")
    #expect(listens.refused(2) == [.open(3, lists)], "the lists are told again")
    #expect(listens.acknowledged(3).actions == [] && listens.want(one) == [])
    // While another one is being opened.
    #expect(listens.want(two) == [.open(4, two)] && listens.acknowledged(4).actions == [.close(3)])
    #expect(listens.want(lists) == [.open(5, lists)] && listens.refused(4) == [])
    #expect(listens.acknowledged(5).actions == [] && listens.tells(5))
    #expect(listens.want(nil) == [.close(5)])
  }

  @Test func ends() throws {
    var listens = ListenSwitch()
    let lists = try #require(filter())
    _ = listens.want(lists)
    #expect(!listens.acknowledged(1).missed)
    #expect(!listens.ended(9) && listens.ended(1))
    #expect(listens.again() == [.open(2, lists)] && listens.again() == [])
    #expect(listens.ended(2) && listens.again() == [.open(3, lists)])
    #expect(listens.acknowledged(3).missed, "changes in between were not told")
    #expect(!listens.acknowledged(3).missed)
  }
}
