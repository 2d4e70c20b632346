import Dispatch
import Front
import Glibc
import Platform
import Synchronization

/// A server on a loop and a thread of its own.
///
/// Guard of the unchecked `Sendable`: `server` and `held` are used on the loop only.
final class HTTPTestServer: @unchecked Sendable {
  let loop: EventLoop
  private(set) var port = 0
  private var server: HTTPServer!
  /// Exchanges that the handler kept for later, in the order they came.
  private(set) var held: [HTTPExchange] = []
  private let stopped = TestSignal()

  /// `handler` runs on the loop.
  init(
    limits: HTTPLimits = HTTPLimits(), address: String = "127.0.0.1",
    _ handler: @escaping @Sendable (HTTPTestServer, HTTPExchange) -> Void
  ) {
    let started = Mutex<EventLoop?>(nil)
    let ready = TestSignal()
    startThread {
      let loop = try! EventLoop()
      started.withLock { $0 = loop }
      ready.fire()
      loop.run()
    }
    ready.wait()
    loop = started.withLock { $0! }
    onLoop { [self] in
      server = try! HTTPServer(loop: loop, address: address, port: 0, limits: limits) { [unowned self] exchange in
        handler(self, exchange)
      }
      port = server.port
    }
  }

  /// Runs `action` on the loop and waits for its result.
  @discardableResult
  func onLoop<T: Sendable>(_ action: @escaping @Sendable () -> T) -> T {
    let result = Mutex<T?>(nil)
    let done = TestSignal()
    loop.perform {
      let value = action()
      result.withLock { $0 = value }
      done.fire()
    }
    done.wait()
    return result.withLock { $0! }
  }

  /// Streams that the handler began, in the order they came.
  private(set) var streams: [HTTPBodyStream] = []

  /// Begins a streamed answer.
  @discardableResult
  func stream(_ exchange: HTTPExchange, limit: Int = HTTPBodyStream.usualLimit) -> HTTPBodyStream? {
    let stream = exchange.respondStream(status: 200, contentType: "text/event-stream", limit: limit)
    if let stream { streams.append(stream) }
    return stream
  }

  var streamCount: Int { onLoop { self.streams.count } }

  /// Keeps `exchange` unanswered.
  func hold(_ exchange: HTTPExchange) { held.append(exchange) }

  var heldCount: Int { onLoop { self.held.count } }
  var exchangeCount: Int { onLoop { self.server.exchangeCount } }
  var connectionCount: Int { onLoop { self.server.connectionCount } }

  /// Waits until the loop has seen what the kernel has had to say already, at most five seconds.
  func wait(until condition: @escaping @Sendable (HTTPTestServer) -> Bool) -> Bool {
    let deadline = MonotonicTime.now + .seconds(5)
    while MonotonicTime.now < deadline {
      if condition(self) { return true }
      sched_yield()
    }
    return false
  }

  /// Stops the server; true when it was done within five seconds.
  func stop(grace: Duration = .zero) -> Bool {
    beginStop(grace: grace)
    return endStop()
  }

  func beginStop(grace: Duration) { onLoop { self.server.stop(grace: grace) { self.stopped.fire() } } }

  /// Waits for the end of `beginStop`, then ends the loop.
  func endStop() -> Bool {
    let isStopped = stopped.wait()
    onLoop {
      self.held = []
      self.streams = []
    }
    loop.stop()
    return isStopped
  }
}

/// Something that happens once on another thread and is waited for here. Takes no descriptor, because tests count them.
final class TestSignal: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func fire() { semaphore.signal() }

  /// False when it has not happened after five seconds.
  @discardableResult
  func wait() -> Bool { semaphore.wait(timeout: .now() + .seconds(5)) == .success }
}
