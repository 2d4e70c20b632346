/// Why a session is replaced by a new one.
enum SessionLoss {
  /// The upstream does not know it any more.
  case unknown
  /// It was opened with credentials that are not ours any more (contract §6.5). Requests that are out go on in it.
  case superseded
}
