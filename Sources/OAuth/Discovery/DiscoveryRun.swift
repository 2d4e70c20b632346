package import HTTPClient
package import Platform
import Protocol

/// `Discovery` over the network. To be used by an actor on the client's loop.
package enum DiscoveryRun {
  /// The record of `profile`'s server, with the time it was made; redirects only within an origin, every request bounded
  /// in time and size. `deadline` bounds all of them together.
  package static func record(
    of profile: OAuthProfile, _ client: HTTPClient, deadline: MonotonicTime? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) async throws(DiscoveryFailure) -> DiscoveryRecord {
    var discovery = Discovery(profile)
    for _ in 0..<OAuthLimits.discoveryRequests {
      switch discovery.step {
      case .done(var record):
        record.discoveredAt = EpochSeconds.now
        return record
      case .failed(let failure): throw failure
      case .fetch(let fetch):
        let limit = deadline.map { min($0 - .now, OAuthLimits.requestTime) } ?? OAuthLimits.requestTime
        guard limit > .zero else {
          throw DiscoveryFailure("discovery took too long, \(fetch.url.shown) last", isTransient: true)
        }
        let outcome =
          fetch.purpose == .challenge ? await head(fetch, client, limit) : await document(fetch, client, limit)
        discovery.handle(outcome)
      }
    }
    throw DiscoveryFailure("discovery took more than \(OAuthLimits.discoveryRequests) requests")
  }

  /// As `record`, and if that fails what the configuration says instead; `failure` is why, so that it is not silent.
  package static func recordOrFallback(
    of profile: OAuthProfile, _ client: HTTPClient, deadline: MonotonicTime? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) async throws(DiscoveryFailure) -> (record: DiscoveryRecord, failure: DiscoveryFailure?) {
    do throws(DiscoveryFailure) {
      return (try await record(of: profile, client, deadline: deadline, isolation: isolation), nil)
    } catch {
      guard let record = profile.fallbackRecord else { throw error }
      return (record, error)
    }
  }

  private static func document(
    _ fetch: Discovery.Fetch, _ client: HTTPClient, _ limit: Duration, isolation: isolated (any Actor)? = #isolation
  ) async -> Discovery.Outcome {
    var request = bounded(fetch, limit, accept: "application/json")
    // Servers of 2025-03-26 may ask for it.
    request.fields.append(HTTPField("MCP-Protocol-Version", ProtocolRevision.july2026.rawValue))
    do throws(HTTPFailure) {
      let answer = try await client.fetch(request, isolation: isolation)
      return .answer(status: answer.head.status, fields: answer.head.fields, body: answer.body)
    } catch {
      return .failed(error)
    }
  }

  /// The answer's head; the exchange ends with it.
  private static func head(
    _ fetch: Discovery.Fetch, _ client: HTTPClient, _ limit: Duration, isolation: isolated (any Actor)? = #isolation
  ) async -> Discovery.Outcome {
    let request = bounded(fetch, limit, accept: "application/json, text/event-stream")
    return await withCheckedContinuation { continuation in
      var outcome: Discovery.Outcome?
      var transfer: HTTPTransfer?
      transfer = client.start(
        request,
        HTTPHandlers(
          onHead: { head in
            outcome = .answer(status: head.status, fields: head.fields, body: [])
            transfer?.cancel()
          },
          onEnd: { result in
            transfer = nil
            if case .failure(let failure) = result, outcome == nil { outcome = .failed(failure) }
            continuation.resume(returning: outcome ?? .answer(status: 0, fields: [], body: []))
          }))
    }
  }

  private static func bounded(_ fetch: Discovery.Fetch, _ limit: Duration, accept: String) -> HTTPRequest {
    var request = HTTPRequest("GET", fetch.url, fields: [HTTPField("Accept", accept)])
    request.redirects = .sameOrigin
    request.addresses = fetch.addresses
    request.totalTimeout = limit
    request.bodyLimit = OAuthLimits.bodyBytes
    return request
  }
}
