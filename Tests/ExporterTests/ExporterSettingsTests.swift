import HTTPClient
import Protocol
import Testing

@testable import Exporter

@Suite struct ExporterSettingsTests {
  private static func read(_ variables: [String: String]) -> (settings: ExporterSettings?, warnings: [String]) {
    ExporterSettings.fromEnvironment { variables[$0] }
  }

  private static func on(_ variables: [String: String]) -> (settings: ExporterSettings?, warnings: [String]) {
    read(variables.merging(["WARMPLANE_OTEL_ENABLED": "1"]) { $1 })
  }

  @Test("one variable turns it on", arguments: ["1", "true", "TRUE", "yes", "Yes", " yes "])
  func enabled(_ value: String) throws {
    let (settings, warnings) = Self.read(["WARMPLANE_OTEL_ENABLED": value])
    let found = try #require(settings)
    #expect(warnings.isEmpty)
    #expect("\(found.url)" == "http://127.0.0.1:4317/opentelemetry.proto.collector.trace.v1.TraceService/Export")
    #expect(found.serviceName == "warmplane" && found.fields.isEmpty && found.authorityFile == nil)
    #expect(found.scheduleDelay == .seconds(5) && found.exportTimeout == .seconds(30))
    #expect(found.requestTimeout == .seconds(10) && found.queueSize == 2048 && found.batchSize == 512)
  }

  @Test("everything else leaves it off", arguments: [nil, "", "0", "false", "No", "off", "on", "2", "enabled"])
  func disabled(_ value: String?) {
    var variables = ["OTEL_EXPORTER_OTLP_ENDPOINT": "nonsense", "OTEL_BSP_MAX_QUEUE_SIZE": "nonsense"]
    variables["WARMPLANE_OTEL_ENABLED"] = value
    let (settings, warnings) = Self.read(variables)
    #expect(settings == nil)
    #expect(warnings.count == (["on", "2", "enabled"].contains(value) ? 1 : 0))
  }

  @Test("the endpoint's variables have an order, and its path does not count")
  func endpoint() {
    func origin(_ variables: [String: String]) -> String? { Self.on(variables).settings?.url.origin.description }
    var variables = ["WARMPLANE_OTEL_ENDPOINT": "http://c:1"]
    #expect(origin(variables) == "http://c:1")
    variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://b/some/path?query"
    #expect(origin(variables) == "https://b")
    #expect(Self.on(variables).settings?.url.target == ExporterSettings.path)
    variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "HTTP://[::1]:4317/"
    #expect(origin(variables) == "http://[::1]:4317")
    variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = " "
    #expect(origin(variables) == "https://b")
  }

  @Test(
    "a bad endpoint is one warning without the value",
    arguments: [
      "collector", "localhost:4317", "grpc://h:1", "http://user:secret@h:1", "http://", "http://h:0", "http://a b",
    ])
  func badEndpoint(_ value: String) throws {
    let (settings, warnings) = Self.on([
      "OTEL_EXPORTER_OTLP_ENDPOINT": value, "OTEL_BSP_MAX_QUEUE_SIZE": "nonsense",
      "OTEL_EXPORTER_OTLP_HEADERS": "nonsense",
    ])
    #expect(settings == nil)
    try #require(warnings.count == 1)
    #expect(warnings[0].contains("OTEL_EXPORTER_OTLP_ENDPOINT") && !warnings[0].contains("secret"))
  }

  @Test("headers are pairs with percent-encoded values")
  func headers() throws {
    let (settings, warnings) = Self.on([
      "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Basic%20dXNlcg%3D%3D, x-team = a b ,,api-key=k=v,empty="
    ])
    #expect(warnings.isEmpty)
    #expect(
      settings?.fields == [
        HTTPField("authorization", "Basic dXNlcg=="), HTTPField("x-team", "a b"), HTTPField("api-key", "k=v"),
        HTTPField("empty", ""),
      ])
    let (bad, complaints) = Self.on([
      "OTEL_EXPORTER_OTLP_TRACES_HEADERS":
        "a=%0d%0asecret,b,=c,te=x,grpc-timeout=1,Content-Type=x,a b=c,d=%C3%BC,e=%zz,host=h,good=1",
      "OTEL_EXPORTER_OTLP_HEADERS": "other=1",
    ])
    #expect(bad?.fields == [HTTPField("good", "1")])
    #expect(complaints == ["OTEL_EXPORTER_OTLP_TRACES_HEADERS has 10 pairs that are no usable header"])
  }

  @Test("numbers are bounded, and bad ones leave the default")
  func numbers() throws {
    let (settings, warnings) = Self.on([
      "OTEL_BSP_SCHEDULE_DELAY": "250", "OTEL_BSP_EXPORT_TIMEOUT": "4000", "OTEL_BSP_MAX_QUEUE_SIZE": "100",
      "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "200", "OTEL_EXPORTER_OTLP_TIMEOUT": "1500",
      "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "2500", "WARMPLANE_SERVICE_NAME": "mine",
      "OTEL_EXPORTER_OTLP_CERTIFICATE": "/etc/ca.pem", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    ])
    let found = try #require(settings)
    #expect(warnings.isEmpty)
    #expect(found.scheduleDelay == .milliseconds(250) && found.exportTimeout == .milliseconds(4000))
    #expect(found.queueSize == 100 && found.batchSize == 100 && found.requestTimeout == .milliseconds(2500))
    #expect(found.serviceName == "mine" && found.authorityFile == "/etc/ca.pem")
    let (odd, complaints) = Self.on([
      "OTEL_BSP_SCHEDULE_DELAY": "-1", "OTEL_BSP_EXPORT_TIMEOUT": "5s", "OTEL_BSP_MAX_QUEUE_SIZE": "0",
      "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "99999999999999999999", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    ])
    #expect(odd?.scheduleDelay == .seconds(5) && odd?.exportTimeout == .seconds(30))
    #expect(odd?.queueSize == 1 && odd?.batchSize == 1)
    #expect(complaints.count == 5)
  }
}
