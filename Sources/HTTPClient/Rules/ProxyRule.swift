package import Protocol

/// Which proxy a request goes through, by the variables that programs share: `http_proxy` (lower case only, for
/// `HTTP_PROXY` is a header of CGI requests), `https_proxy`, `all_proxy` and `no_proxy`, the last three in either case;
/// lower case wins. Loopback hosts never go through a proxy. Pure.
package struct ProxyRule: Sendable {
  private var http = ""
  private var https = ""
  private var except: [Substring] = []

  /// `variables`: `name=value`; others than those above are ignored.
  package init(variables: [String]) {
    var values: [Substring: Substring] = [:]
    for variable in variables {
      let name = variable.prefix { $0 != "=" }
      if values[name] == nil { values[name] = variable.dropFirst(name.count + 1) }
    }
    func value(_ name: String) -> Substring? { values[name[...]] ?? values[name.uppercased()[...]] }
    let all = value("all_proxy") ?? ""
    http = String(values["http_proxy"] ?? all)
    https = String(value("https_proxy") ?? all)
    except = (value("no_proxy") ?? "").split { $0 == "," || $0 == " " || $0 == "\t" }
  }

  /// The proxy's URL as the variable has it (it may contain a password); nil: none.
  package func proxy(for origin: HTTPURL.Origin) -> String? {
    let proxy = origin.isSecure ? https : http
    return proxy.isEmpty || origin.isLoopback || except.contains { Self.covers($0, origin) } ? nil : proxy
  }

  /// An entry is `*`, a host, a domain with or without a dot before it, an address or a range of addresses
  /// (`10.0.0.0/8`); a port may follow.
  private static func covers(_ entry: Substring, _ origin: HTTPURL.Origin) -> Bool {
    if entry == "*" { return true }
    var name = entry.lowercased()[...]
    if let slash = name.lastIndex(of: "/") {
      guard let range = IPLiteral(name[..<slash]), let bits = Int(name[name.index(after: slash)...]),
        (0...range.bytes.count * 8).contains(bits), let address = IPLiteral(origin.host),
        address.bytes.count == range.bytes.count
      else { return false }
      return equal(address.bytes, range.bytes, bits)
    }
    if name.hasPrefix("[") {
      let end = name.firstIndex(of: "]") ?? name.endIndex
      let port = name[end...].dropFirst()
      name = name[..<end].dropFirst()
      if !port.isEmpty && Int(port.dropFirst()) != origin.port { return false }
    } else if IPLiteral(name) == nil, let colon = name.lastIndex(of: ":") {
      if Int(name[name.index(after: colon)...]) != origin.port { return false }
      name = name[..<colon]
    }
    // An address is no domain, whatever it ends in.
    let literals = (IPLiteral(name), IPLiteral(origin.host))
    if literals.0 != nil || literals.1 != nil { return literals.0 == literals.1 }
    if name.hasPrefix("*.") { name = name.dropFirst() }
    if name.hasPrefix(".") { name = name.dropFirst() }
    if name.hasSuffix(".") { name = name.dropLast() }
    let host = origin.host.hasSuffix(".") ? String(origin.host.dropLast()) : origin.host
    return !name.isEmpty && (host == name || host.hasSuffix(".\(name)"))
  }

  private static func equal(_ left: [UInt8], _ right: [UInt8], _ bits: Int) -> Bool {
    for index in 0..<(bits + 7) / 8 {
      let counted = min(8, bits - 8 * index)
      let mask: UInt8 = counted == 8 ? 0xff : ~(0xff >> UInt8(counted))
      if left[index] & mask != right[index] & mask { return false }
    }
    return true
  }
}
