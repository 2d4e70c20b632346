import Protocol

/// A value that an object of the store stands for. Which of its members we know is listed once, for reading and writing.
protocol StoreObject: Sendable, Equatable {
  /// What an empty object reads as.
  static var blank: Self { get }
  /// In the order in which they are added to an object that lacks them.
  static var members: [StoreMember<Self>] { get }
}

extension StoreObject {
  /// Reads one object; members that we do not know are left to whoever wrote them.
  init(_ reader: StoreMemberReader) throws(StoreFormatError) {
    self = .blank
    for member in Self.members { try member.read(reader, &self) }
  }

  /// The object's JSON text, made out of `text`, which reads as `old` (both nil: a new object).
  func text(replacing old: Self?, in text: JSONSlice?) -> [UInt8] {
    var edits = ObjectEdits()
    for member in Self.members { member.write(old, self, text, &edits) }
    return edits.applied(to: text)
  }
}

/// One member of such an object: how it is read, and how a change of it is written.
struct StoreMember<Value: Sendable>: Sendable {
  typealias Path<Part> = any WritableKeyPath<Value, Part> & Sendable

  let read: @Sendable (StoreMemberReader, inout Value) throws(StoreFormatError) -> Void
  /// The last value as it was read (nil: there was none), the new one, and the object's text.
  let write: @Sendable (Value?, Value, JSONSlice?, inout ObjectEdits) -> Void

  static func text(_ name: String, _ path: Path<String?>) -> Self {
    Self(
      read: { reader, value throws(StoreFormatError) in value[keyPath: path] = try reader.text(name) },
      write: { $3.set(name, from: $0?[keyPath: path], to: $1[keyPath: path]) })
  }

  /// Absent reads as empty.
  static func text(_ name: String, _ path: Path<String>) -> Self {
    Self(
      read: { reader, value throws(StoreFormatError) in value[keyPath: path] = try reader.text(name) ?? "" },
      write: { $3.set(name, from: $0?[keyPath: path], to: $1[keyPath: path]) })
  }

  static func texts(_ name: String, _ path: Path<[String]?>) -> Self {
    Self(
      read: { reader, value throws(StoreFormatError) in value[keyPath: path] = try reader.texts(name) },
      write: { $3.set(name, from: $0?[keyPath: path], to: $1[keyPath: path]) })
  }

  static func flag(_ name: String, _ path: Path<Bool?>) -> Self {
    Self(
      read: { reader, value throws(StoreFormatError) in value[keyPath: path] = try reader.flag(name) },
      write: { $3.set(name, from: $0?[keyPath: path], to: $1[keyPath: path]) })
  }

  static func seconds(_ name: String, _ path: Path<Int64?>, mayBeNegative: Bool = false) -> Self {
    Self(
      read: { reader, value throws(StoreFormatError) in
        value[keyPath: path] = try reader.seconds(name, mayBeNegative: mayBeNegative)
      },
      write: { $3.set(name, from: $0?[keyPath: path], to: $1[keyPath: path]) })
  }

  /// Absent reads as 0.
  static func number(_ name: String, _ path: Path<Int64>) -> Self {
    Self(
      read: { reader, value throws(StoreFormatError) in value[keyPath: path] = try reader.seconds(name) ?? 0 },
      write: { $3.set(name, from: $0?[keyPath: path], to: $1[keyPath: path]) })
  }

  /// An object within. It counts as absent when it lacks the member `required`.
  static func object<Part: StoreObject>(_ name: String, _ path: Path<Part?>, required: String? = nil) -> Self {
    Self(
      read: { reader, value throws(StoreFormatError) in
        guard let object = try reader.object(name) else { return }
        if let required, try object.text(required) == nil { return }
        value[keyPath: path] = try Part(object)
      },
      write: { old, new, text, edits in
        let (old, new) = (old?[keyPath: path], new[keyPath: path])
        guard let new else { return edits.set(name, to: nil) }
        if new != old { edits.set(name, to: new.text(replacing: old, in: text?.member(name))) }
      })
  }
}
