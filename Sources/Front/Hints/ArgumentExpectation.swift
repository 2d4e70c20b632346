import Protocol

/// What a tool or a prompt expects of its arguments object: names only, of a schema those at its top level. Pure.
struct ArgumentExpectation {
  /// Names of each kind that are told at most.
  private static let mostTold = 50
  /// Names that are looked at, and bytes of arguments: comparing runs on the loop.
  private static let mostNames = 1000
  private static let mostBytes = 64 * 1024

  private var required: [String] = []
  /// Those that are not required, in the order of the schema.
  private var optional: [String] = []
  /// Whether there is anything to tell.
  private var isKnown = false
  /// Whether other members are refused.
  private var isClosed = false

  /// Expects nothing when the schema names no properties.
  init(ofTool tool: JSONSlice) {
    guard let schema = tool.member("inputSchema"), let properties = schema.member("properties"),
      properties.kind == .object
    else { return }
    isKnown = true
    required = Array((schema.member("required")?.strings ?? []).prefix(Self.mostNames))
    let known = Set(required)
    let names = Array(properties.members.lazy.compactMap(\.key.string).prefix(Self.mostNames + 1))
    optional = names.filter { !known.contains($0) }
    // Patterns and composed schemas may allow what `properties` does not name.
    isClosed =
      schema.member("additionalProperties")?.bool == false && schema.member("patternProperties") == nil
      && names.count <= Self.mostNames
  }

  /// Expects nothing when the prompt lists no arguments. A prompt has no others than it lists.
  init(ofPrompt prompt: JSONSlice) {
    guard let arguments = prompt.member("arguments") else { return }
    for argument in arguments.elements.prefix(Self.mostNames) {
      guard let name = argument.member("name")?.string else { continue }
      isKnown = true
      if argument.member("required")?.bool == true { required.append(name) } else { optional.append(name) }
    }
  }

  /// What clients are told; nil when there is nothing to tell.
  var told: FailureHint.Expected? {
    guard isKnown else { return nil }
    return FailureHint.Expected(
      required: Array(required.prefix(Self.mostTold)), optional: Array(optional.prefix(Self.mostTold)))
  }

  /// Whether the arguments lack a required member, or have one that a closed schema does not name. False when they are
  /// too many to look at.
  func isBroken(by arguments: JSONSlice?) -> Bool {
    guard let arguments, arguments.kind == .object else { return !required.isEmpty }
    guard arguments.range.count <= Self.mostBytes else { return false }
    let given = Set(arguments.members.compactMap(\.key.string))
    if required.contains(where: { !given.contains($0) }) { return true }
    return isClosed && !given.isSubset(of: Set(required).union(optional))
  }
}
