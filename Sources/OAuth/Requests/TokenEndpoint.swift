package import HTTPClient
import Protocol

/// Requests to one token endpoint. To be used by an actor on the client's loop.
package struct TokenEndpoint {
  private let url: HTTPURL
  private let rule: AddressRule
  private let client: HTTPClient

  /// Throws when `text` is no URL that may be asked.
  package init(_ text: String, _ profile: OAuthProfile, _ client: HTTPClient) throws(TokenFailure) {
    guard let url = HTTPURL(text) else { throw TokenFailure(.transient, "the token endpoint is no http(s) URL") }
    rule = profile.addressRule
    if let problem = rule.problem(with: url) {
      throw TokenFailure(.transient, "the token endpoint \(url.shown) \(problem)")
    }
    self.url = url
    self.client = client
  }

  /// Sends `request`, with a proof by `key` if there is one (RFC 9449 section 5). A server that wants its nonce in the
  /// proof is asked once more with it.
  package func send(
    _ request: TokenRequest, key: SigningKey? = nil, isolation: isolated (any Actor)? = #isolation
  ) async throws(TokenFailure) -> TokenResponse {
    var nonce: String?
    while true {
      let now = EpochSeconds.now
      let proof = try proof(key, nonce, now)
      let answer: HTTPAnswer
      do throws(HTTPFailure) {
        answer = try await client.fetch(request.request(to: url, proof: proof, rule), isolation: isolation)
      } catch {
        throw TokenFailure(error, at: url)
      }
      let failure = TokenFailure(answer.head, body: answer.body, at: url)
      if failure.code == "use_dpop_nonce", key != nil, nonce == nil,
        let fresh = DPoPProof.nonce(answer.head.fields.first("dpop-nonce"))
      {
        nonce = fresh
        continue
      }
      guard answer.head.isSuccess, failure.code == nil else { throw failure }
      do throws(TokenResponse.Problem) {
        return try TokenResponse(answer.body, now: now, offersProof: key != nil)
      } catch {
        throw TokenFailure(.transient, "\(url.shown) \(error.text)")
      }
    }
  }

  private func proof(_ key: SigningKey?, _ nonce: String?, _ now: Int64) throws(TokenFailure) -> String? {
    guard let key else { return nil }
    do throws(CryptoFailure) {
      return try DPoPProof.make(method: "POST", url: url, accessToken: nil, nonce: nonce, key: key, now: now)
    } catch {
      throw TokenFailure(.transient, "a proof for \(url.shown) cannot be made: \(error)")
    }
  }
}
