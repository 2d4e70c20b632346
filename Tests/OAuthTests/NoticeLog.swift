import OAuth
import Synchronization

/// What an authorizer says for the log.
final class NoticeLog: Sendable {
  private let state = Mutex<[OAuthNotice]>([])

  var notices: [OAuthNotice] { state.withLock { $0 } }

  func take(_ notice: OAuthNotice) { state.withLock { $0.append(notice) } }
}
