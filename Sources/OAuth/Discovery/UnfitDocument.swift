import Protocol

/// Why a metadata document does not count, to be put behind its URL: "has no token_endpoint".
package struct UnfitDocument: Error, Sendable, Equatable {
  package let text: String

  package init(_ text: String) { self.text = text }

  /// The document as an object.
  static func object(_ body: [UInt8]) throws(UnfitDocument) -> JSONSlice {
    let limits = JSONLimits(maxBytes: OAuthLimits.bodyBytes, maxDepth: 64)
    guard let object = try? JSONSlice(validating: body, limits: limits), object.kind == .object else {
      throw UnfitDocument("is no JSON object")
    }
    if let name = object.firstRepeatedMember() { throw UnfitDocument("has two members \(name.shown(limit: 60))") }
    return object
  }
}
