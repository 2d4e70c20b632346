/// The decoders that `warmplane-fuzz` knows, by name.
enum FuzzTargets {
  static let all: [any FuzzTarget.Type] = [
    CallbackFuzzTarget.self,
    ChallengeFuzzTarget.self,
    CollectorAnswerFuzzTarget.self,
    ConfigurationFuzzTarget.self,
    CredentialStoreFuzzTarget.self,
    EventStreamFuzzTarget.self,
    FrameFuzzTarget.self,
    JSONFuzzTarget.self,
    JSONRPCFuzzTarget.self,
    LineFuzzTarget.self,
    URITemplateFuzzTarget.self,
    URLFuzzTarget.self,
    WorkerFrameFuzzTarget.self,
  ]

  static func named(_ name: String) -> (any FuzzTarget.Type)? { all.first { $0.name == name } }
}
