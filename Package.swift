// swift-tools-version: 6.2
// Rules of this file: one section per layer, arrows point down only, names alphabetical inside a section. No package
// outside the toolchain is used, because it could not be fetched everywhere this must build. `make check` verifies the
// imports against the graph below (scripts/check_imports.py).

import PackageDescription

/// Warnings are errors for developers and CI (`make` sets this); a user's newer compiler must still be able to build.
let strict = Context.environment["WARMPLANE_STRICT"] == "1"

let settings: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func program(_ name: String, path: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .executableTarget(name: name, dependencies: dependencies, path: "Sources/\(path)", swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

/// Who works on one part builds the tests of that part only: WARMPLANE_TESTS=ProtocolTests,FrontTests.
let chosenTests = Context.environment["WARMPLANE_TESTS"]?.split(separator: ",").map(String.init)

let package = Package(
  name: "warmplane",
  products: [
    .executable(name: "warmplane", targets: ["warmplane"]),
    .executable(name: "warmplane-demo-server", targets: ["warmplane-demo-server"]),
    .executable(name: "warmplane-exec", targets: ["warmplane-exec"]),
    .executable(name: "warmplane-worker", targets: ["warmplane-worker"]),
    .executable(name: "warmplaned", targets: ["warmplaned"]),
  ],
  targets: [
    // MARK: C
    // No `pkgConfig`: it would link the library, which is loaded on first use.
    .systemLibrary(name: "CCrypto", path: "Sources/CCrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CCurl", path: "Sources/CCurl"),
    .target(name: "CLinux", path: "Sources/CLinux"),
    .systemLibrary(
      name: "CMicroHTTPD", path: "Sources/CMicroHTTPD", pkgConfig: "libmicrohttpd",
      providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(
      name: "CSQLite", path: "Sources/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .executableTarget(name: "warmplane-exec", path: "Sources/WarmplaneExec"),

    // MARK: Base
    library("HTTPClient", ["CCurl", "Platform", "Protocol"]),
    library("Platform", ["CLinux"]),
    library("Protocol"),
    library("StdioServer", ["Protocol"]),
    library("Store", ["CSQLite", "Platform"]),
    library("Telemetry", ["Platform", "Protocol"]),
    library("Transport", ["Platform", "Protocol"]),

    // MARK: Domain
    library("Configuration", ["Protocol"]),
    library("Exporter", ["HTTPClient", "Platform", "Protocol", "Telemetry"]),
    library("OAuth", ["CCrypto", "Configuration", "HTTPClient", "Platform", "Protocol"]),
    library("Supervisor", ["Configuration", "Platform", "Protocol", "Telemetry", "Transport"]),

    // MARK: Application
    library("Client", ["Platform", "Protocol", "Transport"]),
    library(
      "Front", ["CMicroHTTPD", "Configuration", "Platform", "Protocol", "Supervisor", "Telemetry", "Transport"]),
    library("UpstreamWorker", ["HTTPClient", "OAuth", "Platform", "Protocol", "Telemetry", "Transport"]),

    // MARK: Executables
    program(
      "warmplane", path: "Warmplane", ["Client", "Configuration", "HTTPClient", "OAuth", "Platform", "Protocol"]),
    program("warmplane-demo-server", path: "DemoServer", ["Protocol", "StdioServer"]),
    program("warmplane-worker", path: "WorkerMain", ["Platform", "UpstreamWorker"]),
    program(
      "warmplaned", path: "Daemon",
      [
        "Configuration", "Exporter", "Front", "HTTPClient", "OAuth", "Platform", "Protocol", "Store", "Supervisor",
        "Telemetry",
      ]),

    // MARK: Test support, never in a product
    program("warmplane-fake-upstream", path: "FakeUpstream", ["Protocol", "StdioServer"]),
    program("warmplane-fuzz", path: "Fuzz", ["Configuration", "Exporter", "HTTPClient", "OAuth", "Protocol"]),
    program("warmplane-oauth-exerciser", path: "OAuthExerciser", ["HTTPClient", "OAuth", "Platform", "Protocol"]),
    program("warmplane-store-exerciser", path: "StoreExerciser", ["OAuth"]),
    library("TestSupport", ["Client", "Platform", "Protocol", "Transport"]),

    // MARK: Tests
    tests("ConfigurationTests", ["Configuration", "Protocol"]),
    tests("ExporterTests", ["Exporter", "HTTPClient", "Platform", "Protocol", "Telemetry", "TestSupport"]),
    tests(
      "FrontTests", ["Configuration", "Front", "Platform", "Protocol", "Supervisor", "Telemetry", "TestSupport"]),
    tests("HTTPClientTests", ["HTTPClient", "Platform", "Protocol", "TestSupport"], exclude: ["Peers"]),
    tests(
      "IntegrationTests", ["Client", "Platform", "Protocol", "TestSupport", "Transport"], exclude: ["Peers"]),
    tests("OAuthTests", ["Configuration", "HTTPClient", "OAuth", "Platform", "Protocol", "TestSupport"]),
    tests("PlatformTests", ["Platform", "TestSupport"]),
    tests("ProtocolTests", ["Protocol", "TestSupport"]),
    tests("StoreTests", ["CSQLite", "Platform", "Store"]),
    tests("SupervisorTests", ["Configuration", "Supervisor", "Platform", "Protocol", "TestSupport"]),
    tests("TelemetryTests", ["Telemetry", "Platform", "Protocol", "TestSupport"]),
    tests("TransportTests", ["Transport", "Platform", "Protocol", "TestSupport"]),
    tests(
      "UpstreamWorkerTests",
      ["HTTPClient", "UpstreamWorker", "Platform", "Protocol", "TestSupport", "Transport"], exclude: ["Peers"]),
  ],
  swiftLanguageModes: [.v6]
)

if let chosenTests {
  package.targets.removeAll { $0.type == .test && !chosenTests.contains($0.name) }
}
