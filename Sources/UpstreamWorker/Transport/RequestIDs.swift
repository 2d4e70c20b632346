/// Numbers the requests of one link. Shared with its transport, whose own requests must not use a number twice either.
final class RequestIDs {
  /// The last one given out.
  private(set) var last = 0

  func next() -> Int {
    last += 1
    return last
  }

  /// Numbers up to this one were used elsewhere.
  func skip(to used: Int) { last = max(last, used) }
}
