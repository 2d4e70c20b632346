import Glibc
import OAuth
import Platform
import Protocol

/// One login in the browser: opens it, and waits at the callback's address. Loop-confined.
final class BrowserWait {
  private let loop: EventLoop
  private let attempt: LoginAttempt
  private let target: CallbackTarget
  private let patience: Duration
  private var server: CallbackServer?
  private var timer: Timer?
  private var browser: Browser?
  private let indicator: LoopIndicator
  /// Variables that the browser does not get.
  private let secretVariables: Set<String>
  private var continuation: CheckedContinuation<Result<String, CommandFailure>, Never>?
  /// What came before somebody waited for it.
  private var result: Result<String, CommandFailure>?

  /// Whether a browser was started and did not fail.
  private(set) var browserOpened = false
  private(set) var isTimedOut = false

  /// `withholding`: names of variables with secrets, which are nothing to a browser.
  init(
    _ on: isolated CommandLoop, _ attempt: LoginAttempt, _ target: CallbackTarget, patience: Duration,
    withholding secretVariables: Set<String>
  ) {
    loop = on.loop
    indicator = LoopIndicator(on, "Waiting for the browser …")
    self.secretVariables = secretVariables
    self.attempt = attempt
    self.target = target
    self.patience = patience
  }

  /// Listens at the redirect URI, before anybody can come back to it.
  func listen() throws(CommandFailure) {
    do {
      server = try CallbackServer(
        loop: loop, target: target, wait: LoginWait(path: target.path, expected: attempt.expectation)
      ) { [weak self] outcome in
        switch outcome {
        case .code(let code): self?.end(.success(code))
        case .failed(let reason): self?.end(.failure(CommandFailure("the login failed", causes: [reason])))
        }
      }
    } catch {
      let detail = error.code == EADDRINUSE ? "another program listens there, perhaps another login" : error.reason
      throw CommandFailure(
        "cannot wait for the browser at port \(target.port) of \(target.host)",
        causes: [detail, "another redirectUri in the config file takes another port"])
    }
  }

  /// Opens the browser, and waits for the code. Cancelling the task ends the wait.
  func code(_ on: isolated CommandLoop, opensBrowser: Bool) async throws(CommandFailure) -> String {
    defer { indicator.clear() }
    if opensBrowser { openBrowser() } else { showAddress("Open this address in a browser to log in:") }
    timer = loop.schedule(after: patience) { [weak self] in self?.timedOut() }
    let loop = loop
    let box = LoopBound(self)
    let result: Result<String, CommandFailure> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        _ = on
        if let early = self.result { return continuation.resume(returning: early) }
        self.continuation = continuation
      }
    } onCancel: {
      loop.perform { box.value.end(.failure(CommandFailure("the login was given up"))) }
    }
    timer?.cancel()
    server?.close()
    return try result.get()
  }

  private func openBrowser() {
    do {
      browser = try Browser.open(attempt.authorizationURL, loop: loop, withholding: secretVariables) { [weak self] in
        self?.browserOpened = false
        self?.showAddress("The browser could not be opened. Open this address in one to log in:")
      }
      browserOpened = true
      if TextStyle.standardError.isTerminal {
        showAddress("A browser has been opened for the login. If it does not show, open this address:")
      }
    } catch {
      showAddress("No browser could be opened (\(error)). Open this address in one to log in:")
    }
  }

  private func showAddress(_ sentence: String) {
    indicator.print("\(sentence)\n\(attempt.authorizationURL)\n")
  }

  private func timedOut() {
    isTimedOut = true
    end(
      .failure(
        CommandFailure(
          "nobody finished the login within \(patience.components.seconds) seconds; its address was "
            + "\(attempt.authorizationURL)")))
  }

  private func end(_ result: Result<String, CommandFailure>) {
    guard self.result == nil else { return }
    self.result = result
    continuation?.resume(returning: result)
    continuation = nil
  }
}
