/// Which questions a worker was asked and does not know any more, because their answers were acknowledged. A daemon that
/// is asked again what an earlier one was asked learns from it that a worker was never asked. Bounded: of questions older
/// than `horizon` it says nothing. Pure.
package struct ForgottenQuestions: Sendable, Equatable {
  /// Questions that are remembered at least.
  static let fewest = 512
  /// Of a question's name, in bytes.
  package static let longestAsker = 64

  private struct Entry: Sendable, Equatable {
    let asker: String
    /// When the worker got it, nanoseconds of the monotonic clock.
    let moment: Int64
  }

  /// Oldest acknowledgement first.
  private var entries: [Entry] = []
  /// What came to the worker up to this moment may be missing; nanoseconds of the monotonic clock.
  private var horizon = Int64.min

  package init() {}

  /// The answer to what `asker` asked was acknowledged. `moment`: when the worker got the question.
  package mutating func add(_ asker: String, at moment: Int64) {
    entries.append(Entry(asker: asker, moment: moment))
    guard entries.count > 2 * Self.fewest else { return }
    for entry in entries.prefix(Self.fewest) { horizon = max(horizon, entry.moment) }
    entries.removeFirst(Self.fewest)
  }

  /// Whether nothing that `asker` asked at `moment` or later was forgotten.
  package func excludes(_ asker: String, since moment: Int64) -> Bool {
    moment > horizon && !entries.contains { $0.asker == asker && $0.moment >= moment }
  }

  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    if horizon != .min { writer.member("horizon", horizon) }
    writer.key("askers")
    writer.beginArray()
    for entry in entries {
      writer.value(entry.asker)
      writer.value(entry.moment)
    }
    writer.endArray()
    writer.endObject()
  }

  /// Reads what `write` wrote; nil when it is something else, or of a worker that does not remember.
  package init?(_ slice: JSONSlice?) {
    guard let members = slice?.member("askers"), members.kind == .array else { return nil }
    var asker: String?
    for element in members.elements {
      if let text = asker {
        guard let moment: Int64 = element.integer() else { return nil }
        entries.append(Entry(asker: text, moment: moment))
        asker = nil
      } else {
        guard let text = element.string else { return nil }
        asker = text
      }
    }
    guard asker == nil else { return nil }
    horizon = slice?.member("horizon")?.integer() ?? .min
  }
}
