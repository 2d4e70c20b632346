import HTTPClient
import Platform
import Protocol
import TestSupport

/// A request to the peer, with bounds that make a hanging test a failing one.
func request(_ method: String, _ target: String) throws -> HTTPRequest {
  bounded(HTTPRequest(method, try HTTPPeer.url(target)))
}

func bounded(_ request: HTTPRequest) -> HTTPRequest {
  var request = request
  request.totalTimeout = request.totalTimeout ?? .seconds(30)
  request.bodyLimit = request.bodyLimit ?? 64 * 1024 * 1024
  return request
}

/// One exchange of a client of its own.
func fetch(
  _ request: HTTPRequest, settings: HTTPClient.Settings = .init(userAgent: "warmplane-test")
) async -> Result<HTTPAnswer, HTTPFailure> {
  do {
    return try await LoopThread.run { thread in
      let client = HTTPClient(loop: thread.loop, settings: settings)
      do throws(HTTPFailure) {
        return .success(try await client.fetch(bounded(request)))
      } catch {
        return .failure(error)
      }
    }
  } catch {
    fatalError("no loop: \(error)")
  }
}

func fetch(_ method: String, _ target: String) async throws -> Result<HTTPAnswer, HTTPFailure> {
  await fetch(try request(method, target))
}

extension Result {
  var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
