/// How a worker reaches an HTTP upstream.
package struct HTTPLaunch: Sendable, Equatable {
  /// How requests are authorised.
  package enum Credentials: Sendable, Equatable {
    case none
    /// The value of `Authorization`, complete: bearer and basic.
    case fixed(String)
    case oauth(OAuthLaunch)
  }

  /// Expanded and checked; only http and https.
  package let url: String
  /// Proposed instead of probing; it pins the protocol's generation.
  package let protocolVersion: ProtocolRevision?
  /// Contract §6.4: nil accepts a missing session id, false refuses it, true never opens a stream of its own.
  package let allowStateless: Bool?
  /// The configured fields, templates replaced, in order, as names and values.
  package let headers: [HeaderField]
  package let credentials: Credentials
  /// PEM file of private certificate authorities, an absolute path; nil: the system's.
  package let authorityFile: String?
  /// Proxy variables of the daemon's environment, as `name=value` (`https_proxy`, `no_proxy`, …).
  package let proxies: [String]

  /// One configured header.
  package struct HeaderField: Sendable, Equatable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(
    url: String, protocolVersion: ProtocolRevision? = nil, allowStateless: Bool? = nil, headers: [HeaderField] = [],
    credentials: Credentials = .none, authorityFile: String? = nil, proxies: [String] = []
  ) {
    self.url = url
    self.protocolVersion = protocolVersion
    self.allowStateless = allowStateless
    self.headers = headers
    self.credentials = credentials
    self.authorityFile = authorityFile
    self.proxies = proxies
  }

  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("url", url)
    if let protocolVersion { writer.member("protocolVersion", protocolVersion.rawValue) }
    if let allowStateless { writer.member("allowStateless", allowStateless) }
    writer.key("headers")
    writer.beginArray()
    for field in headers {
      writer.beginArray()
      writer.value(field.name)
      writer.value(field.value)
      writer.endArray()
    }
    writer.endArray()
    switch credentials {
    case .none: break
    case .fixed(let value): writer.member("authorization", value)
    case .oauth(let oauth):
      writer.key("oauth")
      oauth.write(to: &writer)
    }
    if let authorityFile { writer.member("authorityFile", authorityFile) }
    writer.member("proxies", strings: proxies)
    writer.endObject()
  }

  /// Reads what `write` wrote; nil when a required member is missing or one is not understood: a worker must not drop
  /// credentials or pins silently.
  package init?(_ slice: JSONSlice) {
    guard slice.kind == .object, let url = slice.member("url")?.string else { return nil }
    var credentials = Credentials.none
    if let value = slice.member("authorization") {
      guard let text = value.string else { return nil }
      credentials = .fixed(text)
    } else if let value = slice.member("oauth") {
      guard let oauth = OAuthLaunch(value) else { return nil }
      credentials = .oauth(oauth)
    }
    var revision: ProtocolRevision?
    if let value = slice.member("protocolVersion") {
      guard let known = value.string.flatMap({ ProtocolRevision(rawValue: $0) }) else { return nil }
      revision = known
    }
    var headers: [HeaderField] = []
    if let pairs = slice.member("headers")?.elements {
      for pair in pairs {
        let texts = pair.strings
        guard texts.count == 2 else { return nil }
        headers.append(HeaderField(texts[0], texts[1]))
      }
    }
    self.init(
      url: url, protocolVersion: revision, allowStateless: slice.member("allowStateless")?.bool, headers: headers,
      credentials: credentials, authorityFile: slice.member("authorityFile")?.string,
      proxies: slice.member("proxies")?.strings ?? [])
  }
}
