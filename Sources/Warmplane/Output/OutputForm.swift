/// The values of `--output`.
enum OutputForm: String, Sendable {
  /// One line.
  case json
  /// Indented by two spaces.
  case pretty
  /// Columns for lists, `pretty` for everything else.
  case table
}
