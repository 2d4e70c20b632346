import Platform
import Protocol

/// Carries one session's messages to the upstream and back: over the pipes of a process, or over HTTP. Loop-confined;
/// used for one session of the link, though it may open it anew underneath (`TransportEvents.opened`).
///
/// It knows how a session is opened, when a request may be written, how one is cancelled, and whether bytes of it may
/// have reached the upstream. What requests mean is the link's business.
protocol UpstreamTransport: AnyObject {
  /// The upstream's process; nil when there is none of ours.
  var pid: Int32? { get }
  /// Bytes of requests that the upstream has not taken yet; the link refuses more calls beyond a bound.
  var waitingBytes: Int { get }
  /// Whether arguments go into headers, where the tool's schema says so.
  var carriesHeaders: Bool { get }
  /// The method whose answer the opening waits for.
  var openingMethod: String { get }

  /// Opens the session: `opened` follows, or `ended`. Once.
  func start()
  /// Sends a request. Its answer is `received`; if there will be none, it is `failed`, or the transport `ended`.
  func send(_ request: OutgoingRequest)
  /// A 2026-07-28 upstream is to tell when one of these resources changes: these and no others. Also before `start`.
  func listen(to resources: [String])
  /// Sends an answer of ours to a request of the upstream; what becomes of it is not told.
  func reply(_ message: [UInt8])
  /// Stops waiting for the answer to a request and tells the upstream, giving `reason`, if it knows of the request.
  /// Returns whether bytes of it may have reached the upstream or still may.
  func cancel(_ id: Int, reason: String) -> Bool
  /// Whether bytes of a request without an answer may have reached the upstream. Still known when `ended` is told.
  func mayHaveArrived(_ id: Int) -> Bool
  /// Ends what is left, waiting `grace` for each step of that; to be called after `ended` too. Idempotent. `gone`
  /// follows.
  func stop(grace: Duration)
}

/// What a transport tells the link. All on the loop; never inside `start()`, `send` or `cancel` of the same transport.
struct TransportEvents {
  /// The upstream said something valid while the session is being opened.
  var alive: () -> Void
  /// The session is open. A second time: it was lost and is a new one; what the upstream forgot with it is to be asked
  /// for again.
  var opened: (Established) -> Void
  var received: (IncomingMessage, MessageOrigin) -> Void
  /// A request will not be answered.
  var failed: (_ id: Int, RequestFailure) -> Void
  /// Changes of the lists and of resources may have been missed.
  var missedChanges: () -> Void
  /// There will be no session, or it is over: no event about requests follows. Once; not after `stop`.
  var ended: (UpstreamEnd) -> Void
  /// Nothing is left of the transport. Once, last.
  var gone: () -> Void
  /// Something that people should read in the server's log.
  var note: (String) -> Void
  /// A line that the upstream itself wrote for its log.
  var line: ([UInt8]) -> Void
}
