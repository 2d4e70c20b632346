/// Hands every record to several destinations.
package struct LogTee: LogDestination {
  private let destinations: [any LogDestination]

  package init(_ destinations: [any LogDestination]) { self.destinations = destinations }

  package func submit(_ record: LogRecord) {
    for destination in destinations { destination.submit(record) }
  }
}
