import HTTPClient
import Protocol

extension ExporterSettings {
  /// The settings of an environment (contract §8.2), nil when it does not turn export on or names no usable collector; and
  /// sentences to be logged, without values, because these may be secrets. An empty variable counts as unset.
  package static func fromEnvironment(
    _ lookup: @escaping (String) -> String?
  ) -> (settings: ExporterSettings?, warnings: [String]) {
    var reader = VariableReader(lookup)
    guard reader.isOn("WARMPLANE_OTEL_ENABLED") else { return (nil, reader.warnings) }
    let (name, text) =
      reader.first(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "WARMPLANE_OTEL_ENDPOINT")
      ?? ("the default", "http://127.0.0.1:4317")
    guard let url = HTTPURL(text) else {
      return (nil, ["\(name) is not a URL that begins with http:// or https://; no traces are exported"])
    }
    var settings = ExporterSettings(url: url)
    settings.fields = reader.fields("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
    settings.authorityFile =
      reader.first("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE")?.value
    settings.serviceName = reader.first("WARMPLANE_SERVICE_NAME")?.value ?? settings.serviceName
    if let (name, value) = reader.first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"),
      value != "grpc"
    {
      reader.warnings.append("\(name) is not supported; traces are exported by gRPC")
    }
    if let number = reader.number("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT", in: milliseconds) {
      settings.requestTimeout = .milliseconds(number)
    }
    if let number = reader.number("OTEL_BSP_SCHEDULE_DELAY", in: milliseconds) {
      settings.scheduleDelay = .milliseconds(number)
    }
    if let number = reader.number("OTEL_BSP_EXPORT_TIMEOUT", in: milliseconds) {
      settings.exportTimeout = .milliseconds(number)
    }
    if let number = reader.number("OTEL_BSP_MAX_QUEUE_SIZE", in: spans) { settings.queueSize = number }
    if let number = reader.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", in: spans) { settings.batchSize = number }
    settings.batchSize = min(settings.batchSize, settings.queueSize)
    return (settings, reader.warnings)
  }

  /// An hour at most; nobody waits longer.
  private static let milliseconds = 1...3_600_000
  /// A queue of the largest spans is some 100 MB then.
  private static let spans = 1...65_536
}
