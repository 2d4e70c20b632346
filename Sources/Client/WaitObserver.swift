/// Told about every `waitInterval` how long a request has been waiting.
package typealias WaitObserver = (Duration) -> Void

/// Time between two calls of a `WaitObserver`.
let waitInterval = Duration.milliseconds(200)
