/// The six kinds of a JSON value (RFC 8259, section 3).
package enum JSONKind: Sendable, Hashable {
  case object, array, string, number, bool, null
}
