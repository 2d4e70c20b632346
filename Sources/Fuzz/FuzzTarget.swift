/// A decoder under fuzzing and what must hold for every input.
///
/// To add one: a file with a type of this protocol, its line in `FuzzTargets.all`, seeds in `Fuzz/corpus/<name>/`.
protocol FuzzTarget: Sendable {
  /// The name on the command line and of the corpus directory.
  static var name: String { get }
  /// Inputs made in code because they would be large as files.
  static var seeds: [[UInt8]] { get }
  /// Byte strings that mean something to the decoder; the mutator inserts them.
  static var tokens: [[UInt8]] { get }

  init()

  /// Runs the decoder; throws `FuzzFailure` if an invariant does not hold. `random` is for choices of the run, such as
  /// where to split the input into chunks.
  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws

  /// Names the behaviour that an input causes, coarsely. An input with a new signature joins the pool that is mutated,
  /// which is all the feedback there is: there is no coverage without compiler runtime support.
  func signature(of input: [UInt8]) -> UInt64
}

extension FuzzTarget {
  static var seeds: [[UInt8]] { [] }
  static var tokens: [[UInt8]] { [] }
  func signature(of input: [UInt8]) -> UInt64 { 0 }
}

/// An invariant that an input broke.
struct FuzzFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Throws unless `condition` holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw FuzzFailure(message()) }
}
