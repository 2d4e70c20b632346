/// The method of a request; case-sensitive (RFC 9110 §9.1).
package enum HTTPMethod: Sendable, Equatable {
  case get, head, post, options, put, delete, patch
  case other(String)

  package init(_ name: String) {
    switch name {
    case "GET": self = .get
    case "HEAD": self = .head
    case "POST": self = .post
    case "OPTIONS": self = .options
    case "PUT": self = .put
    case "DELETE": self = .delete
    case "PATCH": self = .patch
    default: self = .other(name)
    }
  }
}
