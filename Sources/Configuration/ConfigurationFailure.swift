/// A configuration file that cannot be used. Holds everything that is wrong with it, warnings too, sorted by position.
package struct ConfigurationFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The path as the user gave it; empty if the text came from memory.
  package var path: String
  package var problems: [ConfigurationProblem]

  package init(path: String, problems: [ConfigurationProblem]) {
    self.path = path
    self.problems = problems
  }

  /// One line per problem, as `validate-config` prints them on standard error.
  package var description: String {
    problems.map { $0.rendered(path: path) }.joined(separator: "\n")
  }
}
