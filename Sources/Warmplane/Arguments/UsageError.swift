/// A command line that cannot be understood.
struct UsageError: Error, Sendable {
  let message: String
  /// What it is about, as far as that is known.
  let topic: HelpTopic

  init(_ message: String, topic: HelpTopic = .overview) {
    self.message = message
    self.topic = topic
  }

  /// The message, how it goes, and where help is.
  var rendered: String {
    """
    Error: \(message)

    Usage: \(topic.usage)
    Try:   \(topic.helpLine)

    """
  }
}
