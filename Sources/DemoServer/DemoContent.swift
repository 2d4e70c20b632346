import Protocol

/// The resource and the prompt of the demonstration server.
enum DemoContent {
  static let aboutURI = "demo://about"
  static let greet = "greet"

  static func writeResources(into result: inout JSONWriter) {
    result.key("resources")
    result.splice(
      text: """
        [{"uri":"demo://about","name":"about","description":"What this server is","mimeType":"text/plain"}]
        """)
  }

  static func writeTemplates(into result: inout JSONWriter) {
    result.key("resourceTemplates")
    result.splice(text: "[]")
  }

  static func writeAbout(into result: inout JSONWriter) {
    result.key("contents")
    result.beginArray()
    result.beginObject()
    result.member("uri", aboutURI)
    result.member("mimeType", "text/plain")
    result.member("text", "The demonstration server of warmplane. It keeps nothing and reaches nothing.")
    result.endObject()
    result.endArray()
  }

  static func writePrompts(into result: inout JSONWriter) {
    result.key("prompts")
    result.splice(
      text: """
        [{"name":"greet","description":"Asks for a greeting",\
        "arguments":[{"name":"name","description":"Who is greeted","required":true}]}]
        """)
  }

  static func writeGreeting(of person: String, into result: inout JSONWriter) {
    result.member("description", "A greeting")
    result.key("messages")
    result.beginArray()
    result.beginObject()
    result.member("role", "user")
    result.key("content")
    result.beginObject()
    result.member("type", "text")
    result.member("text", "Please greet \(person) warmly, in one sentence.")
    result.endObject()
    result.endObject()
    result.endArray()
  }
}
