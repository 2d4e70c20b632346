package import HTTPClient
package import Protocol

/// Where spans go and how they are gathered.
package struct ExporterSettings: Sendable, Equatable {
  /// The path of OTLP's trace service.
  package static let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

  /// The collector's URL with the service's path; whatever path was configured does not count for gRPC.
  package var url: HTTPURL
  /// Sent with every request, names in lower case. Values may be secrets.
  package var fields: [HTTPField] = []
  /// PEM file of authorities that are trusted beside the system's.
  package var authorityFile: String?
  /// The resource attribute `service.name`.
  package var serviceName = "warmplane"
  /// One request, from connecting to its answer.
  package var requestTimeout = Duration.seconds(10)
  /// A span waits at most this long for others to be sent with it.
  package var scheduleDelay = Duration.seconds(5)
  /// One batch, with all attempts.
  package var exportTimeout = Duration.seconds(30)
  /// Spans that wait; further ones are dropped.
  package var queueSize = 2048
  /// Spans of one request; 1...`queueSize`.
  package var batchSize = 512

  package init(url: HTTPURL) { self.url = url.with(path: Self.path) }
}
