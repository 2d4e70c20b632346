/// What a supervisor says first on a connection to a worker.
package struct WorkerHello: Sendable, Equatable {
  /// Frame versions that the supervisor speaks.
  package let frameVersions: [Int]
  /// Version of the supervisor's program.
  package let version: String

  package init(frameVersions: [Int], version: String) {
    self.frameVersions = frameVersions
    self.version = version
  }

  /// This build's hello.
  package static let current = WorkerHello(
    frameVersions: WorkerMethod.frameVersions, version: WarmplaneVersion.current)

  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("frameVersions")
    writer.beginArray()
    for version in frameVersions { writer.value(version) }
    writer.endArray()
    writer.member("version", version)
    writer.endObject()
  }

  /// Reads what `write` wrote; whatever is missing is empty.
  package init(_ params: JSONSlice?) {
    frameVersions = params?.member("frameVersions")?.elements.compactMap(\.int) ?? []
    version = params?.member("version")?.string ?? ""
  }

  /// The newest frame version that both sides speak.
  package var commonFrameVersion: Int? { WorkerMethod.frameVersions.first { frameVersions.contains($0) } }
}
