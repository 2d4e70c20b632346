/// What is remembered of one session of an HTTP client.
package struct StoredSession: Sendable, Equatable {
  /// One of the many small things of a session, which come and go by themselves.
  package struct Part: Sendable, Equatable {
    /// Of which the session has only one.
    package var name: String
    /// As for sessions.
    package var content: [UInt8]

    package init(name: String, content: [UInt8]) {
      self.name = name
      self.content = content
    }

    /// Over all members and the session's id.
    func checksum(of session: String) -> Int64 {
      var checksum = RowChecksum()
      checksum.add(session)
      checksum.add(name)
      checksum.add(content)
      return checksum.value
    }
  }

  package var id: String
  /// Whose it is; compared byte for byte.
  package var owner: String
  /// The reader's own text; its bytes are never touched.
  package var content: [UInt8]
  /// In the byte order of their names.
  package var parts: [Part]

  package init(id: String, owner: String, content: [UInt8], parts: [Part] = []) {
    self.id = id
    self.owner = owner
    self.content = content
    self.parts = parts
  }

  /// Over all members but the parts.
  var checksum: Int64 {
    var checksum = RowChecksum()
    checksum.add(id)
    checksum.add(owner)
    checksum.add(content)
    return checksum.value
  }
}
