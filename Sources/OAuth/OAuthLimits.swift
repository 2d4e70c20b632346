/// Bounds of the requests of this target.
package enum OAuthLimits {
  /// One request, from the beginning to the last byte of its answer.
  package static let requestTime = Duration.seconds(10)
  /// One answer, decompressed.
  package static let bodyBytes = 1 << 20
  /// Requests of one discovery; there are 7 at most, redirects within an origin apart.
  package static let discoveryRequests = 10
}
