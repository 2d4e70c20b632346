import Protocol

/// What waits in the name of clients before it is an operation, in the order in which it came. Pure.
struct WaitingRoom<Item> {
  /// Clients may ask for more at a time than anybody would want to answer.
  static var most: Int { 4096 }

  private var items: [OperationID: (number: UInt64, item: Item)] = [:]
  private var last: UInt64 = 0

  init() {}

  var isEmpty: Bool { items.isEmpty }
  var isFull: Bool { items.count >= Self.most }

  /// In the order in which they came.
  var ids: [OperationID] { entries.map(\.id) }

  /// The same with what waits.
  var entries: [(id: OperationID, item: Item)] {
    items.sorted { $0.value.number < $1.value.number }.map { ($0.key, $0.value.item) }
  }

  /// Nothing may be entered while it is full.
  mutating func add(_ item: Item, _ id: OperationID) {
    last += 1
    items[id] = (last, item)
  }

  @discardableResult
  mutating func remove(_ id: OperationID) -> Item? { items.removeValue(forKey: id)?.item }

  /// Takes out everything, in the order in which it came.
  mutating func removeAll() -> [Item] {
    defer { items = [:] }
    return items.values.sorted { $0.number < $1.number }.map(\.item)
  }
}
