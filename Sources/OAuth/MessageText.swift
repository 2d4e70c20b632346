import Protocol

extension String {
  /// This text for a message, when somebody else wrote it: at most `limit` characters, nothing that moves a cursor, hides
  /// or turns text around.
  package func shown(limit: Int = 200) -> String {
    var text = ""
    var count = 0
    for scalar in unicodeScalars {
      if count == limit { return text + "…" }
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
        text.unicodeScalars.append("\u{FFFD}")
      default: text.unicodeScalars.append(scalar)
      }
      count += 1
    }
    return text
  }
}

extension HTTPURL {
  /// This URL for a message: a query may hold what is nobody's business.
  package var shown: String { "\(origin)\(description.hasPrefix("\(origin)/") ? path : "")".shown(limit: 300) }
}
