/// One challenge of `WWW-Authenticate` (RFC 9110 section 11.6.1): a scheme with either a token68 or parameters. Pure.
package struct AuthenticationChallenge: Sendable, Equatable {
  /// `name` is in lower case; `value` is without its quotes and their escapes.
  package struct Parameter: Sendable, Equatable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// In lower case, for example `bearer`.
  package let scheme: String
  package internal(set) var token68: String?
  /// In their order, names that came twice included.
  package internal(set) var parameters: [Parameter] = []

  package init(scheme: String, token68: String? = nil, parameters: [Parameter] = []) {
    self.scheme = scheme.lowercased()
    self.token68 = token68
    self.parameters = parameters
  }

  /// The value of the first parameter of that name (lower case).
  package subscript(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

  /// Bytes of all fields together; what comes after is not read.
  package static let longest = 16 * 1024
  /// Challenges of one answer, and parameters of one challenge; further ones are left out.
  package static let most = 64

  /// The challenges in `values`, the values of all `WWW-Authenticate` fields of one answer in their order. Several
  /// challenges may share a field. What is none is skipped up to the next comma: a malformed challenge must not hide a
  /// good one. Beyond the grammar, a value without quotes may hold what a URL may hold, because servers send that.
  package static func parse(_ values: [String]) -> [AuthenticationChallenge] {
    var challenges: [AuthenticationChallenge] = []
    var room = longest
    for value in values {
      let bytes = Array(value.utf8.prefix(room))
      room -= bytes.count
      var parser = ChallengeParser(bytes)
      parser.parse(into: &challenges)
      if room <= 0 { break }
    }
    return challenges
  }
}
