/// Which way a message of the upstream came, as far as that tells what it is about.
enum MessageOrigin: Equatable {
  /// In the answer to the request with this id.
  case answer(Int)
  /// On the one way that everything takes: the pipe of a process, or the event stream of 2024-11-05.
  case shared
  /// On a stream for what belongs to no request.
  case unsolicited
}
