import Configuration

/// A POST that belongs to a session, or opens one.
struct SessionPost {
  let exchange: HTTPExchange
  let endpoint: MCPEndpoint
  let scope: ScopeName
  let exposure: Exposure?
  let check: MCPRequestCheck
  let accepts: AcceptedForms
}
