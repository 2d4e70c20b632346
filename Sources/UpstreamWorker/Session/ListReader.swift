import Protocol

/// Reads one list of an upstream to its last page. Pure.
///
/// The empty string is a cursor; only a missing `nextCursor` ends the list. At most 1000 pages; a cursor that comes a
/// second time ends the list with what was read (contract §6.1).
struct ListReader {
  static let mostPages = 1000
  /// Items of one list may hold this many bytes together, so that all lists fit into one frame.
  static let mostBytes = Frame.maximumLength / (ListKind.allCases.count + 1)
  /// What keeping one item or cursor costs beside its bytes: millions of empty objects are not small.
  static let overhead = 64

  enum Step {
    /// Ask for the next page; nil is the first.
    case request(cursor: String?)
    /// The list is complete, or as complete as it gets; `problem` says what is missing.
    case done(items: [JSONSlice], problem: String?)
  }

  let kind: ListKind
  private var items: [JSONSlice] = []
  private var bytes = 0
  private var pages = 0
  private var cursors: Set<ExactText> = []

  init(kind: ListKind) { self.kind = kind }

  /// The first step.
  func begin() -> Step { .request(cursor: nil) }

  /// Takes a page.
  mutating func take(_ result: JSONSlice) -> Step {
    guard let list = result.member(kind.rawValue), list.kind == .array else {
      return done("\(kind.method) answered without a \(kind.rawValue) array")
    }
    pages += 1
    for item in list.elements where item.kind == .object {
      bytes += item.range.count + Self.overhead
      if bytes > Self.mostBytes { return done("\(kind.method) is over \(Self.mostBytes) bytes; the rest is left out") }
      // A copy of the item alone: a page's buffer would otherwise live as long as any item of it.
      items.append(item.detached())
    }
    guard let next = result.member("nextCursor"), !next.isNull else { return done(nil) }
    guard let cursor = next.string else { return done("\(kind.method) gave a cursor that is no string") }
    bytes += cursor.utf8.count + Self.overhead
    if !cursors.insert(ExactText(cursor)).inserted {
      return done("\(kind.method) repeats a cursor after \(pages) pages")
    }
    if pages >= Self.mostPages { return done("\(kind.method) has more than \(Self.mostPages) pages") }
    return .request(cursor: cursor)
  }

  /// Takes a refusal.
  func refused(code: Int, message: String) -> Step {
    // A method that does not exist is an empty list: some servers announce more than they have.
    if code == MCPErrorCode.methodNotFound && pages == 0 { return .done(items: [], problem: nil) }
    return .done(items: items, problem: "\(kind.method) failed: \(message) (code: \(code))")
  }

  /// Takes the news that a page will not come; `detail` says why.
  func failed(_ detail: String) -> Step { done("\(kind.method) failed: \(detail)") }

  private func done(_ problem: String?) -> Step { .done(items: items, problem: problem) }
}
