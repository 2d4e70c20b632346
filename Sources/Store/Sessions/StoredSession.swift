/// What is remembered of one session of an HTTP client.
package struct StoredSession: Sendable, Equatable {
  package var id: String
  /// Whose it is; compared byte for byte.
  package var owner: String
  /// The reader's own text; its bytes are never touched.
  package var content: [UInt8]

  package init(id: String, owner: String, content: [UInt8]) {
    self.id = id
    self.owner = owner
    self.content = content
  }

  /// Over all members.
  var checksum: Int64 {
    var checksum = RowChecksum()
    checksum.add(id)
    checksum.add(owner)
    checksum.add(content)
    return checksum.value
  }
}
