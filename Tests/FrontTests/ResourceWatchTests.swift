import Protocol
import Testing

@testable import Front

/// Who wants to hear of which resource, and what of an upstream's notification a client gets.
@Suite struct ResourceWatchTests {
  private let one = WatchedResource(server: "s", uri: "file:///a")
  private let two = WatchedResource(server: "s", uri: "file:///a/b")

  @Test(arguments: [
    ("file:///a", "file:///a", true), ("file:///a", "file:///a/b", true), ("file:///a", "file:///ab", false),
    ("file:///a", "file:///a?x", true), ("file:///a", "file:///a#x", true), ("file:///a/", "file:///a/b", true),
    ("file:///a/b", "file:///a", false), ("x:", "x:y", false),
  ])
  func parts(subscribed: String, changed: String, isConcerned: Bool) {
    #expect(WatchedResource.covers(subscribed, changed) == isConcerned)
    // Found by scanning as by looking for beginnings.
    for others in [0, 100] {
      var table = URITable<Int>()
      for number in 0..<others { table["other:\(number)"] = number }
      table[subscribed] = -1
      #expect(table.wholes(of: changed) == (isConcerned && subscribed != changed ? [-1] : []))
    }
  }

  @Test func wholesAmongMany() {
    var generator = SystemRandomNumberGenerator()
    func uri(_ length: Int) -> String {
      "s:" + String((0..<length).map { _ in "/a?#b".randomElement(using: &generator) ?? "/" })
    }
    for size in [3, 300] {
      var table = URITable<String>()
      for _ in 0..<size {
        let text = uri(.random(in: 0..<6))
        table[text] = text
      }
      for _ in 0..<200 {
        let changed = uri(.random(in: 0..<9))
        let expected = table.values.keys.map(\.text).filter { $0 != changed && WatchedResource.covers($0, changed) }
        #expect(table.wholes(of: changed).sorted() == expected.sorted(), "\(changed)")
      }
    }
  }

  @Test func addingAndRemoving() {
    var watch = ResourceWatch()
    let listen = ResourceWatch.Source.listen(.string("1"))
    let added = [
      watch.add(one, as: "A", for: .session), watch.add(one, as: "A", for: .session),
      watch.add(one, as: "B", for: listen),
      watch.add(two, as: "C", for: listen),
    ]
    #expect(added == [.new, .known, .new, .new] && watch.count == 3)
    let told = watch.concerned(by: "file:///a", of: "s")
    #expect(told.count == 2 && Set(told.map(\.uri)) == ["A", "B"])
    #expect(watch.concerned(by: "file:///a", of: "other").isEmpty)
    // Part of one resource, and another one by itself.
    let parts = watch.concerned(by: "file:///a/b", of: "s")
    #expect(parts.count == 2 && parts.contains { $0.source == listen && $0.uri == "C" })
    #expect(parts.contains { $0.source == .session && $0.uri == nil })
    let removed = [
      watch.remove("A", for: .session), watch.remove("A", for: .session), watch.remove("nix", for: listen),
    ]
    #expect(removed == [one, nil, nil])
    let rest = Set(watch.removeAll(for: listen))
    #expect(rest == [one, two] && watch.count == 0)
  }

  @Test func changesForTheStore() {
    var watch = ResourceWatch()
    _ = watch.add(one, as: "A", for: .session)
    #expect(watch.takeChanges().isEmpty, "nobody keeps them")
    watch.noteChanges()
    _ = [watch.add(one, as: "A", for: .session), watch.add(two, as: "C", for: .listen(.int(1)))]
    #expect(watch.takeChanges().isEmpty, "as before, and for no longer than its request")
    _ = watch.add(one, as: "B", for: .session)
    #expect(watch.takeChanges() == [one] && watch[one, .session] == "B" && watch.count == 2)
    _ = [watch.remove("A", for: .session), watch.remove("B", for: .session)]
    #expect(watch.takeChanges() == [one] && watch[one, .session] == nil && watch.takeChanges().isEmpty)
  }

  @Test func bound() {
    var watch = ResourceWatch()
    for number in 0..<ResourceWatch.most {
      _ = watch.add(WatchedResource(server: "s", uri: "\(number)"), as: "\(number)", for: .session)
    }
    let more = [
      watch.add(one, as: "x", for: .listen(.int(1))),
      watch.add(WatchedResource(server: "s", uri: "1"), as: "y", for: .session),
    ]
    #expect(more == [.tooMany, .known])
    #expect(watch.removeAll().count == ResourceWatch.most && watch.count == 0)
  }

  // MARK: Notifications

  @Test(arguments: ProtocolRevision.allCases)
  func progress(revision: ProtocolRevision) throws {
    let params = JSONSlice.trusted(
      #"{"progressToken":17,"progress":0.50,"message":"half","_meta":{"x":1,"io.modelcontextprotocol/y":1},"own":{"a": 1.0}}"#
    )
    let message = RelayedNotification.progress(params, token: .trusted(#""t\u00e9""#), at: revision)
    let hasMessage = revision >= .march2025 ? #""message":"half","# : ""
    #expect(
      String(decoding: message, as: UTF8.self)
        == #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t\u00e9","progress":0.50,"#
        + hasMessage + #""own":{"a": 1.0},"_meta":{"x":1}}}"#)
  }

  @Test(
    arguments: [
      (#"{"level":"info","logger":"db","data":1}"#, "one", #"{"logger":"one.db","level":"info","data":1}"#),
      (#"{"level":"info","data":[1.0]}"#, "one", #"{"logger":"one","level":"info","data":[1.0]}"#),
      (#"{"level":"info","logger":"db","data":1,"_meta":{}}"#, nil, #"{"level":"info","logger":"db","data":1}"#),
    ] as [(String, String?, String)])
  func logger(params: String, server: String?, told: String) {
    let message = RelayedNotification.message(.trusted(params), of: server)
    #expect(
      String(decoding: message, as: UTF8.self)
        == #"{"jsonrpc":"2.0","method":"notifications/message","params":\#(told)}"#)
  }

  @Test(
    arguments: [
      ("{}", nil, MessageLevel.notice), (#"{"_meta":{"progressToken":"t"}}"#, #""t""#, .notice),
      (#"{"_meta":{"progressToken":7}}"#, "7", .notice), (#"{"_meta":{"progressToken":1.5}}"#, nil, .notice),
      (#"{"_meta":{"progressToken":null,"io.modelcontextprotocol/logLevel":"debug"}}"#, nil, .notice),
    ] as [(String, String?, MessageLevel)])
  func wishesOfTheHandshakeEra(params: String, token: String?, level: MessageLevel) {
    let wishes = CallWishes(.trusted(params), at: .november2025, sessionLevel: .notice)
    #expect(wishes?.progressToken.map { String(decoding: $0.bytes, as: UTF8.self) } == token)
    #expect(wishes?.logLevel == level)
  }

  @Test func wishesOfRequests() {
    func level(_ text: String) -> CallWishes? {
      CallWishes(
        .trusted(#"{"_meta":{"io.modelcontextprotocol/logLevel":\#(text)}}"#), at: .july2026, sessionLevel: .info)
    }
    #expect(level(#""error""#)?.logLevel == .error)
    #expect(CallWishes(.trusted("{}"), at: .july2026, sessionLevel: .info).map { $0.logLevel == nil } == true)
    for wrong in [#""loud""#, "7", "null", #""INFO""#] { #expect(level(wrong) == nil, "\(wrong)") }
  }

  @Test func manyValuesAreCut() throws {
    let values = (0..<150).map { "\"\($0)\"" }.joined(separator: ",")
    let result = JSONSlice.trusted(#"{"completion":{"values":[\#(values)],"total":150.0}}"#)
    let cut = try #require(CompletionRequest.bounded(result)?.member("completion"))
    #expect(cut.member("values")?.strings.count == 100 && cut.member("hasMore")?.bool == true)
    #expect(cut.member("total").map { String(decoding: $0.bytes, as: UTF8.self) } == "150.0")
    for wrong in ["{}", #"{"completion":{}}"#, #"{"completion":{"values":{}}}"#] {
      #expect(CompletionRequest.bounded(.trusted(wrong)) == nil)
    }
  }
}
