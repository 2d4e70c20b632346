package import Protocol

/// Status and header of a final answer (no 1xx, no redirect that was followed).
package struct HTTPResponseHead: Sendable {
  package let status: Int
  package let fields: [HTTPField]
  /// Where the answer came from, after redirects.
  package let url: HTTPURL

  package init(status: Int, fields: [HTTPField], url: HTTPURL) {
    self.status = status
    self.fields = fields
    self.url = url
  }

  package var isSuccess: Bool { (200..<300).contains(status) }

  /// Lower-case media type without parameters; empty when there is none.
  package var mediaType: String {
    let value = fields.first("content-type") ?? ""
    let type = value.prefix { $0 != ";" }
    return type.filter { $0 != " " && $0 != "\t" }.lowercased()
  }
}
