import Glibc
import Platform

/// Where the package's programs are: the build puts them beside the test bundle.
package enum ProductPath {
  /// The path of the program `name`.
  package static func of(_ name: String) throws -> String {
    // The bundle is the running program itself, or was loaded by a runner that names it in its arguments.
    let candidates = [try ExecutablePath.own()] + CommandLine.arguments.filter { $0.contains(".xctest") }
    for candidate in candidates {
      // On Linux the bundle is one file; a directory form would have the program further in.
      let bundle = candidate.range(ofBundle: ".xctest") ?? candidate
      let path = ExecutablePath.sibling(name, of: bundle)
      if access(path, X_OK) == 0 { return path }
    }
    throw TestFailure("there is no program \(name) beside \(candidates[0]): build it first (swift build --build-tests)")
  }
}

extension String {
  /// This path up to the end of the component that ends in `suffix`.
  fileprivate func range(ofBundle suffix: String) -> String? {
    var parts: [Substring] = []
    for part in split(separator: "/", omittingEmptySubsequences: false) {
      parts.append(part)
      if part.hasSuffix(suffix) { return parts.joined(separator: "/") }
    }
    return nil
  }
}
