/// Takes records that passed the filter. Must not block and must not log.
package protocol LogDestination: Sendable {
  func submit(_ record: LogRecord)
}
