/// What one client, or all of them together, may take of the HTTP server. All of it is checked before it is believed.
package struct HTTPLimits: Sendable {
  /// Memory of one connection for a request's head and an answer's head, in bytes. It bounds the request line with all
  /// headers to a little less; longer heads are answered 431 by the library. 32 KiB: four times what browsers send.
  package var headBytes = 32 * 1024
  /// Longest request body, `maxBodyBytes` of the configuration. A longer one is read to its end and answered 413: a
  /// client that is still writing would otherwise see a reset instead of the answer.
  package var bodyBytes = 4 * 1024 * 1024
  /// How far a too long body is read before the connection is closed, in bytes (contract §3.5).
  package var drainBytes = 64 * 1024 * 1024
  /// Open connections; more wait in the kernel's backlog. Half of the usual soft limit of 1,024 descriptors, because
  /// workers, their sockets and the control socket need the other half.
  package var connections = 512
  /// A connection on which no byte moved for so long is closed: idle keep-alive, a client that stopped sending or
  /// stopped reading. Connections whose request is being worked on are exempt. 75 s as other servers, so that clients
  /// with a pool rarely meet the closing. Whole seconds count.
  package var stall: Duration = .seconds(75)
  /// Time from the connection's start, or its previous answer, to the end of a request. It ends clients that keep the
  /// connection busy with a byte now and then.
  package var requestTime: Duration = .seconds(120)

  package init() {}
}
