import CCurl
import Protocol

/// One request after the other until an answer is no redirect that is followed.
extension HTTPTransfer {
  /// Body bytes of a redirect that are read to keep the connection.
  private static let mostRedirectBytes = 64 * 1024

  /// Starts a request to `url`, in a turn of the exchange; `isFresh`: on a connection of its own.
  func begin(isFresh: Bool = false) {
    do throws(HTTPFailure) {
      try startHop(isFresh: isFresh)
    } catch {
      finish(.failure(HTTPFailure(error.reason, error.detail, wasSent: wasSent)))
    }
  }

  private func startHop(isFresh: Bool) throws(HTTPFailure) {
    guard let core else { return }
    if let problem = RequestRule.problem(with: request) {
      throw HTTPFailure(.invalidRequest, "the request \(problem)", wasSent: wasSent)
    }
    if let literal = IPLiteral(url.origin.host), !AddressClass(literal).isAllowed(by: request.addresses) {
      throw HTTPFailure(.forbiddenAddress, forbiddenDetail, wasSent: wasSent)
    }
    let proxy = core.proxies.proxy(for: url.origin)
    let engine = try core.readyEngine()
    guard let easy = CurlEasy() else { throw CurlLibrary.outOfMemory }
    var isFine = easy.configure(
      request, to: url, body: body, proxy: proxy, settings: core.settings,
      context: Unmanaged.passUnretained(self).toOpaque(), socketContext: engine.context)
    if isFresh { isFine = easy.insistOnFreshConnection() && isFine }
    if isFine, let body, body.count > Self.quickUpload { easy.reportProgress() }
    guard isFine, engine.add(easy, for: self) else {
      easy.free()
      throw HTTPFailure(.invalidRequest, "the request is refused by libcurl", wasSent: wasSent)
    }
    self.easy = easy
    self.engine = engine
    usesProxy = proxy != nil
    reader = ResponseReader()
    meter = BodyMeter(limit: request.bodyLimit)
    (isWritten, isHeadComplete, redirect, hasStaleConnection, socket) = (false, false, nil, false, nil)
    (hasForbiddenAddress, hasAllowedAddress) = (false, false)
    timers.startStall(self, .connectTimeout)
  }

  // MARK: Connecting

  /// Bodies up to this size count as sent when they are handed to the kernel with the head.
  static let quickUpload = 64 * 1024

  /// A repetition that nobody asked for: libcurl repeats a request whose connection breaks before the first byte of an
  /// answer, if the connection was used before; but the server may have executed it. Only reading is repeated.
  private func forbidsRepetition() -> Bool {
    guard isWritten, request.method != "GET", request.method != "HEAD" else { return false }
    fail(.broken, "closed the connection before it answered")
    return true
  }

  func mayConnect(to address: IPLiteral) -> Bool {
    if isOver || forbidsRepetition() { return false }
    if usesProxy || AddressClass(address).isAllowed(by: request.addresses) {
      hasAllowedAddress = true
      return true
    }
    hasForbiddenAddress = true
    return false
  }

  /// Asked before the first byte of a request goes to a connection, also to one that an earlier exchange opened,
  /// perhaps under another rule for addresses.
  func mayWrite(to address: IPLiteral?, from port: Int) -> Bool {
    if isOver || forbidsRepetition() { return false }
    if !usesProxy && request.addresses != .any {
      guard let address, AddressClass(address).isAllowed(by: request.addresses) else {
        fail(.forbiddenAddress, forbiddenDetail)
        return false
      }
    }
    socket = engine?.socket(port: port)
    if !isWritten, let socket, let easy, easy.usesKeptConnection, engine?.isUsable(socket, by: self) == false {
      hasStaleConnection = true
      return false
    }
    wasSent = true
    isWritten = true
    if body.map({ $0.count <= Self.quickUpload }) ?? true {
      timers.startStall(self, .firstByteTimeout)
    } else {
      timers.suspendStall()
    }
    return true
  }

  var connectTimeoutDetail: String {
    "cannot be reached: no connection to \(url.origin) within \(request.connectTimeout.words)"
  }

  var forbiddenDetail: String {
    "leads to an address that is not allowed here (\(url.origin)): private, loopback, link-local or reserved"
  }

  /// So many bytes of a large body were written.
  func uploaded(_ count: Int) {
    guard let body, count >= body.count, isWritten, !isHeadComplete, !timers.isStallRunning else { return }
    timers.startStall(self, .firstByteTimeout)
  }

  // MARK: Answering

  var headTooLargeDetail: String {
    "sends more than \(ResponseReader.mostBytes / 1024) KiB or \(ResponseReader.mostFields) lines of header"
  }

  /// A line of header or trailer. False ends the transfer.
  func received(header line: UnsafeRawBufferPointer) -> Bool {
    guard !isOver else { return false }
    switch reader.take(line) {
    case .more, .interim: return true
    case .tooLarge: fail(.tooLarge, headTooLargeDetail)
    case .malformed: fail(.broken, "sends a header that is no HTTP")
    case .head(let status, let fields):
      if reader.isHTTP2, let socket { engine?.speaksHTTP2(socket) }
      return receivedHead(status, fields)
    }
    return false
  }

  private func receivedHead(_ status: Int, _ fields: [HTTPField]) -> Bool {
    let verdict = RedirectRule.verdict(
      status: status, location: fields.first("location"), request: request, visited: visited)
    switch verdict {
    case .answer: deliver(HTTPResponseHead(status: status, fields: fields, url: url))
    case .refuse(let sentence): fail(.redirect, sentence)
    case .follow(let target):
      redirect = target
      isHeadComplete = true
      meter = BodyMeter(limit: Self.mostRedirectBytes)
      timers.startStall(self, .firstByteTimeout)
    }
    return !isOver
  }

  /// libcurl is done with a hop. Not inside of a callback.
  func completed(_ code: CURLcode) {
    guard core != nil, let easy else { return }
    if let failure { return finish(.failure(failure)) }
    if hasStaleConnection && !isWritten {
      // Nothing was written, so this is no repetition.
      endHop()
      return begin(isFresh: true)
    }
    // A redirect's body that is too long, or broken, changes nothing about where it leads.
    if let redirect {
      endHop()
      visited.append(redirect)
      return begin()
    }
    if code == CURLE_OK { return finish(.success(reader.trailers)) }
    finish(.failure(CurlFailure.failure(code, self, easy)))
  }
}
