/// What helps against a failure, when we know it (contract §3.2, `error.hint`): the next attempt can then be right.
package struct FailureHint: Sendable, Equatable {
  /// Who has to act.
  package enum Actor: String, Sendable { case client, user, `operator` }

  /// The members of the arguments object that the capability expects.
  package struct Expected: Sendable, Equatable {
    package var required: [String]
    package var optional: [String]

    package init(required: [String], optional: [String]) {
      self.required = required
      self.optional = optional
    }
  }

  /// Ids that the client may have meant, the likeliest first.
  package var didYouMean: [String] = []
  package var expected: Expected?
  /// A command to run.
  package var action: String?
  package var actor: Actor?

  package init(didYouMean: [String] = [], expected: Expected? = nil, action: String? = nil, actor: Actor? = nil) {
    self.didYouMean = didYouMean
    self.expected = expected
    self.action = action
    self.actor = actor
  }

  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    if !didYouMean.isEmpty { writer.member("did_you_mean", strings: didYouMean) }
    if let expected {
      writer.key("expected")
      writer.beginObject()
      writer.member("required", strings: expected.required)
      writer.member("optional", strings: expected.optional)
      writer.endObject()
    }
    if let action { writer.member("action", action) }
    if let actor { writer.member("actor", actor.rawValue) }
    writer.endObject()
  }
}
