/// Which arguments of a tool go into headers, by the `x-mcp-header` annotations of its schema (2026-07-28; mcp-checklist
/// CLI-20 to CLI-23). Pure.
package struct ParameterSchema: Sendable {
  /// Longest header name accepted, in bytes, and most headers of one tool: they are sent with every call.
  package static let longestName = 128
  package static let mostHeaders = 64

  /// Why a tool must not be offered.
  package struct Invalid: Error, Equatable { package let reason: String }

  /// One annotated property.
  package struct Parameter: Sendable, Equatable {
    /// Names of properties, from the arguments' own object inwards.
    package let path: [String]
    package let name: String

    /// The argument that it means; nil when it is missing.
    func value(in arguments: JSONSlice?) -> JSONSlice? {
      path.reduce(arguments) { value, name in value?.member(name) }
    }

    /// Whether an object on the way to it has the next name twice: readers could take either.
    func isAmbiguous(in arguments: JSONSlice?) -> Bool {
      var value = arguments
      for name in path {
        guard let object = value, object.kind == .object else { return false }
        if object.members.count(where: { $0.key.isString(name) }) > 1 { return true }
        value = object.member(name)
      }
      return false
    }
  }

  package private(set) var parameters: [Parameter] = []

  private static let annotation = "x-mcp-header"
  private static let types: Set<String> = ["string", "integer", "boolean"]
  // The applicators of JSON Schema 2020-12 by the form of their value. What is not among them is data (`default`, `const`,
  // `enum`, `examples`) or a reference, which is never followed.
  private static let single: Set<String> = [
    "items", "contains", "unevaluatedItems", "additionalItems", "additionalProperties", "propertyNames",
    "unevaluatedProperties", "not", "if", "then", "else", "contentSchema",
  ]
  private static let lists: Set<String> = ["allOf", "anyOf", "oneOf", "prefixItems", "items"]
  private static let maps: Set<String> = [
    "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions",
  ]

  /// Walks a tool's `inputSchema`. One invalid annotation makes the whole tool unusable.
  package init(_ schema: JSONSlice?) throws(Invalid) {
    // Most schemas have none, and walking them costs more than this look.
    guard let schema, Self.mayAnnotate(schema) else { return }
    // A stack of our own: depth is bounded by the message's limit, but not by that of a thread's stack.
    var open: [(path: [String]?, schema: JSONSlice)] = [([], schema)]
    var names: Set<String> = []
    while let (path, schema) = open.popLast() {
      guard schema.kind == .object else { continue }
      for (key, value) in schema.members {
        guard let keyword = key.string else { continue }
        if keyword == Self.annotation {
          let parameter = try Self.parameter(value, at: path, in: schema)
          guard names.insert(parameter.name.lowercased()).inserted else {
            throw Invalid(reason: "the \(Self.annotation) \"\(parameter.name)\" occurs twice")
          }
          parameters.append(parameter)
          guard parameters.count <= Self.mostHeaders else {
            throw Invalid(reason: "it has more than \(Self.mostHeaders) \(Self.annotation) annotations")
          }
        } else if keyword == "properties" {
          for (name, property) in value.members {
            open.append((path.flatMap { path in name.string.map { path + [$0] } }, property))
          }
        } else {
          if Self.single.contains(keyword) { open.append((nil, value)) }
          if Self.lists.contains(keyword) { open += value.elements.map { (nil, $0) } }
          if Self.maps.contains(keyword) { open += value.members.map { (nil, $0.value) } }
        }
      }
    }
  }

  private static func parameter(
    _ annotation: JSONSlice, at path: [String]?, in schema: JSONSlice
  ) throws(Invalid) -> Parameter {
    guard let path, !path.isEmpty else {
      throw Invalid(reason: "\(Self.annotation) stands where no property of the arguments is")
    }
    let place = path.joined(separator: ".").clipped(to: 100)
    guard let name = annotation.string, HeaderText.isToken(name), name.utf8.count <= longestName else {
      throw Invalid(reason: "the \(Self.annotation) of \(place) is no header name")
    }
    guard let type = schema.member("type")?.string, types.contains(type) else {
      throw Invalid(reason: "the \(Self.annotation) of \(place) is not on a string, integer or boolean")
    }
    return Parameter(path: path, name: name)
  }

  private static func mayAnnotate(_ schema: JSONSlice) -> Bool {
    let needle = Array(annotation.utf8)
    return schema.bytes.withUnsafeBufferPointer { bytes in
      guard bytes.count >= needle.count else { return false }
      // An escape could hide the name.
      if bytes.contains(0x5c) { return true }
      var index = 0
      while index <= bytes.count - needle.count {
        if bytes[index] == needle[0], (1..<needle.count).allSatisfy({ bytes[index + $0] == needle[$0] }) { return true }
        index += 1
      }
      return false
    }
  }

  /// The headers for a call with `arguments`; those that are missing or null have none.
  package func headers(for arguments: JSONSlice?) -> [ParameterHeader] {
    parameters.compactMap { parameter in
      parameter.value(in: arguments).flatMap { Self.text($0) }
        .map { ParameterHeader(name: parameter.name, value: $0) }
    }
  }

  /// What a server finds wrong with the `Mcp-Param-…` headers of a call, as a sentence; nil when they say what `arguments`
  /// say (mcp-checklist SRV-30). `headers` have names without the prefix, in any case; those that the schema does not
  /// name are ignored.
  package func contradiction(of headers: [ParameterHeader], to arguments: JSONSlice?) -> String? {
    for parameter in parameters {
      let name = parameter.name
      let values = headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
      let argument = parameter.value(in: arguments).flatMap { $0.isNull ? nil : $0 }
      let place = "Mcp-Param-\(name)"
      guard values.count <= 1 else { return "The header \(place) occurs more than once" }
      if parameter.isAmbiguous(in: arguments) { return "The argument of the header \(place) occurs more than once" }
      switch (argument, values.first) {
      case (nil, nil): continue
      case (nil, _?): return "The header \(place) is given, but its argument is not"
      // What has no form for a header is no reason to miss it: that it is wrong the server says.
      case (let argument?, nil) where Self.text(argument) == nil: continue
      case (_?, nil): return "The header \(place) is missing"
      case (let argument?, let value?):
        guard let value = HeaderText.decode(value) else { return "The header \(place) is not encoded properly" }
        guard Self.agree(value, argument) else { return "The header \(place) contradicts its argument" }
      }
    }
    return nil
  }

  /// Numbers are compared by value, everything else byte for byte.
  private static func agree(_ header: String, _ argument: JSONSlice) -> Bool {
    guard let text = text(argument) else { return false }
    if header.utf8.elementsEqual(text.utf8) { return true }
    guard argument.kind == .number, let slice = try? JSONSlice(validating: Array(header.utf8)), slice.kind == .number
    else { return false }
    return Self.text(slice) == text
  }

  /// Strings as they are, integers in decimal, booleans by name; nil for what has no such form.
  private static func text(_ value: JSONSlice) -> String? {
    switch value.kind {
    case .string: return value.string
    case .bool: return value.bool.map { $0 ? "true" : "false" }
    case .number:
      if let number = value.int { return String(number) }
      // 42.0 and 4.2e1 mean the integer 42.
      if let number = value.double, let exact = Int(exactly: number), exact.magnitude < 1 << 53 { return String(exact) }
      return String(decoding: value.bytes, as: UTF8.self)
    case .object, .array, .null: return nil
    }
  }
}
