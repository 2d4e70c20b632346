import Protocol

/// One part of a path between slashes. Pure.
enum PathSegment {
  /// Undoes percent-encoding. Strict: a `%` without two hexadecimal digits and text that is not UTF-8 afterwards are
  /// errors (RFC 3986 §2.1).
  static func decode(_ segment: String.UTF8View.SubSequence) throws(OperationFailure) -> String {
    guard let text = PercentEncoding.decode(Substring(segment)) else {
      throw .badRequest("The id in the path is not percent-encoded UTF-8.", "invalid_field")
    }
    return text
  }
}
