import HTTPClient
import Platform
import Protocol
import TestSupport

/// A request to the peer, with bounds that make a hanging test a failing one.
func request(
  _ method: String, _ target: String, at server: HTTPPeer.Server = .http, host: String = "127.0.0.1"
) throws -> HTTPRequest {
  var request = bounded(HTTPRequest(method, try HTTPPeer.url(target, at: server, host: host)))
  request.priorKnowledgeHTTP2 = server == .http2
  return request
}

func bounded(_ request: HTTPRequest) -> HTTPRequest {
  var request = request
  request.totalTimeout = request.totalTimeout ?? .seconds(30)
  request.bodyLimit = request.bodyLimit ?? 64 * 1024 * 1024
  return request
}

/// Settings that trust the peer's authority, and offer HTTP/2 whatever libcurl is like.
func settings(proxies: [String] = []) throws -> HTTPClient.Settings {
  var settings = HTTPClient.Settings(
    userAgent: "warmplane-test", authorityFile: try HTTPPeer.shared.get().authority, proxies: proxies)
  settings.offersHTTP2 = true
  return settings
}

/// Gives `body` a client on a loop of its own.
func withClient<T: Sendable>(
  _ settings: HTTPClient.Settings? = nil,
  _ body: @Sendable (isolated LoopThread, HTTPClient) async throws -> T
) async throws -> T {
  let settings = try settings ?? HTTPClientTests.settings()
  return try await LoopThread.run { thread in
    try await body(thread, HTTPClient(loop: thread.loop, settings: settings))
  }
}

/// One exchange of a client of its own.
func fetch(
  _ request: HTTPRequest, settings: HTTPClient.Settings? = nil
) async throws -> Result<HTTPAnswer, HTTPFailure> {
  try await withClient(settings) { _, client in await client.result(bounded(request)) }
}

func fetch(
  _ method: String, _ target: String, at server: HTTPPeer.Server = .http, settings: HTTPClient.Settings? = nil
) async throws -> Result<HTTPAnswer, HTTPFailure> {
  try await fetch(try request(method, target, at: server), settings: settings)
}

extension HTTPClient {
  func result(
    _ request: HTTPRequest, isolation: isolated (any Actor)? = #isolation
  ) async -> Result<HTTPAnswer, HTTPFailure> {
    do throws(HTTPFailure) { return .success(try await fetch(request)) } catch { return .failure(error) }
  }

  func text(
    _ method: String, _ target: String, at server: HTTPPeer.Server = .http,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> String {
    String(decoding: try await fetch(try request(method, target, at: server)).body, as: UTF8.self)
  }
}

extension Result where Success == HTTPAnswer {
  var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
  var text: String? {
    if case .success(let answer) = self { String(decoding: answer.body, as: UTF8.self) } else { nil }
  }
}
