package import Protocol

extension OAuthSettings {
  /// What a worker is told, and what commands work with. `clientSecret` and `privateKeyFile` come resolved.
  package func launch(storePath: String, clientSecret: String?, privateKeyFile: String?) -> OAuthLaunch {
    var launch = OAuthLaunch(storePath: storePath, storeKey: tokenStoreKey)
    launch.grant = grant
    launch.clientID = clientID
    launch.clientSecret = clientSecret
    launch.privateKeyFile = privateKeyFile
    launch.signingAlgorithm = signingAlgorithm
    launch.issuer = issuer
    launch.scope = scope
    launch.authorizationServer = authorizationServer
    launch.resourceMetadataURL = resourceMetadataURL
    launch.tokenEndpoint = tokenEndpoint
    launch.allowsLoopback = allowsLoopback
    return launch
  }
}
