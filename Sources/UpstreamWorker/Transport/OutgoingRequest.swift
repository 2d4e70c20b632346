import Protocol

/// A request on its way to the upstream.
struct OutgoingRequest {
  /// What it is for: transports treat operations unlike the link's own requests.
  enum Purpose { case call, list, probe, interest }

  /// Never used before in this session.
  let id: Int
  let purpose: Purpose
  let method: String
  /// The operation's parameters; an object.
  var parameters = JSONSlice.emptyObject
  /// Arguments that go into headers too (2026-07-28 over HTTP), by the tool's schema.
  var parameterHeaders: [ParameterHeader] = []
  /// Builds the message, when its turn has come: one that waits costs its parameters only.
  let message: () -> [UInt8]

  init(_ id: Int, _ purpose: Purpose, _ method: String, message: @escaping () -> [UInt8]) {
    self.id = id
    self.purpose = purpose
    self.method = method
    self.message = message
  }
}
