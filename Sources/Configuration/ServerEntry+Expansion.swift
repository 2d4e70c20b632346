import Protocol

extension ServerEntry {
  /// The entry as it is started: templates replaced, and everything checked that only the result can tell. `auth` has no
  /// templates.
  package func expanded(with templates: TemplateExpansion) throws(TemplateFailure) -> ServerEntry {
    var result = self
    switch transport {
    case .stdio(let entry):
      result.transport = .stdio(try entry.expanded(with: templates))
    case .http(let entry):
      result.transport = .http(try entry.expanded(with: templates))
    }
    return result
  }
}

extension StdioEntry {
  fileprivate func expanded(with templates: TemplateExpansion) throws(TemplateFailure) -> StdioEntry {
    var result = self
    result.command = try templates.expand(command, as: .commandLine, field: "command").withoutNUL("command")
    guard !result.command.isBlank else {
      throw TemplateFailure(field: "command", reason: .unusable("the expanded command is blank"))
    }
    for (index, argument) in args.enumerated() {
      let field = "args[\(index)]"
      result.args[index] = try templates.expand(argument, as: .commandLine, field: field).withoutNUL(field)
    }
    for (index, variable) in env.enumerated() {
      let field = "env.\(variable.name)"
      guard !variable.name.isEmpty, !variable.name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") }) else {
        throw TemplateFailure(field: field, reason: .unusable("this cannot be the name of a variable"))
      }
      result.env[index].value = try templates.expand(variable.value, as: .value, field: field).withoutNUL(field)
    }
    if let cwd {
      result.cwd = try templates.expand(cwd, as: .value, field: "cwd").withoutNUL("cwd")
    }
    return result
  }
}

extension HTTPEntry {
  fileprivate func expanded(with templates: TemplateExpansion) throws(TemplateFailure) -> HTTPEntry {
    var result = self
    result.url = try templates.expand(url, as: .value, field: "url")
    try Self.check(url: result.url)
    for (index, header) in headers.enumerated() {
      let field = "headers.\(header.name)"
      guard header.name.isHeaderName else {
        throw TemplateFailure(field: field, reason: .unusable("this cannot be the name of a header"))
      }
      let value = try templates.expand(header.value, as: .value, field: field)
      // Anything but a tab below the space would end the header or be dropped on the way (RFC 9110 section 5.5).
      guard value.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
        throw TemplateFailure(field: field, reason: .unusable("a header value cannot contain control characters"))
      }
      result.headers[index].value = value
    }
    if let caFile {
      result.caFile = try templates.expand(caFile, as: .value, field: "caFile").withoutNUL("caFile")
      guard result.caFile?.isBlank == false else {
        throw TemplateFailure(field: "caFile", reason: .unusable("the expanded path is blank"))
      }
    }
    return result
  }

  /// The text itself is not told: a URL may hold a secret, and a template may have put one there.
  private static func check(url: String) throws(TemplateFailure) {
    guard HTTPURL(url) == nil else { return }
    let authority = url.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let detail =
      authority.contains("@")
      ? "a URL with a user name cannot be used; give it in auth, with type \"basic\""
      : "this is no absolute http or https URL"
    throw TemplateFailure(field: "url", reason: .unusable(detail))
  }
}

extension String {
  /// A C string ends at NUL: the program would be started with something else than what is written.
  fileprivate func withoutNUL(_ field: String) throws(TemplateFailure) -> String {
    guard !utf8.contains(0) else {
      throw TemplateFailure(field: field, reason: .unusable("the text contains a NUL character"))
    }
    return self
  }

  /// A token of RFC 9110 section 5.6.2.
  fileprivate var isHeaderName: Bool {
    !isEmpty
      && utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default:
          "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}
