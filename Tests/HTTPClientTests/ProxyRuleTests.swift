import Protocol
import Testing

@testable import HTTPClient

struct ProxyRuleTests {
  @Test(
    arguments: [
      // Variables, URL, proxy.
      ([], "http://a/", nil),
      (["http_proxy=p"], "http://a/", "p"),
      (["http_proxy=p"], "https://a/", nil),
      (["HTTP_PROXY=p"], "http://a/", nil),
      (["https_proxy=p"], "https://a/", "p"),
      (["HTTPS_PROXY=p"], "https://a/", "p"),
      (["HTTPS_PROXY=P", "https_proxy=p"], "https://a/", "p"),
      (["all_proxy=p"], "http://a/", "p"),
      (["ALL_PROXY=p"], "https://a/", "p"),
      (["all_proxy=p", "https_proxy=q"], "https://a/", "q"),
      (["all_proxy=p", "https_proxy="], "https://a/", nil),
      (["http_proxy=p=q"], "http://a/", "p=q"),
      (["http_proxy"], "http://a/", nil),
      (["http_proxy=p"], "http://localhost/", nil),
      (["http_proxy=p"], "http://127.0.0.1:80/", nil),
      (["http_proxy=p"], "http://[::1]/", nil),
      (["http_proxy=p", "no_proxy=*"], "http://a/", nil),
    ] as [([String], String, String?)])
  func chooses(_ variables: [String], _ url: String, _ expected: String?) throws {
    #expect(ProxyRule(variables: variables).proxy(for: try #require(HTTPURL(url)).origin) == expected)
  }

  @Test(arguments: [
    // no_proxy, host and port, whether it is an exception.
    ("a.example", "a.example", true), ("a.example", "b.a.example", true), ("a.example", "ba.example", false),
    (".a.example", "a.example", true), (".a.example", "b.a.example", true), ("*.a.example", "b.a.example", true),
    ("A.Example", "a.example", true), ("a.example.", "a.example", true), ("a.example", "a.example.", true),
    ("example", "a.example", true), ("x, a.example ,y", "a.example", true), ("x a.example", "a.example", true),
    ("a.example:8080", "a.example:8080", true), ("a.example:8080", "a.example", false), ("", "a.example", false),
    (",, ,", "a.example", false), (".", "a.example", false), ("10.0.0.1", "10.0.0.1", true),
    ("10.0.0.1", "10.0.0.11", false),
    ("0.0.1", "10.0.0.1", false), ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
    ("10.0.0.0/9", "10.128.0.1", false), ("10.0.0.0/33", "10.0.0.1", false), ("10.0.0.0/0", "11.0.0.1", true),
    ("10.0.0.0/x", "10.0.0.0", false), ("10.0.0.0/8", "a.example", false), ("2001:db8::1", "[2001:db8:0::1]", true),
    ("[2001:db8::1]", "[2001:db8::1]", true), ("[2001:db8::1]:8080", "[2001:db8::1]:8080", true),
    ("[2001:db8::1]:8080", "[2001:db8::1]", false), ("2001:db8::/32", "[2001:db8:1::]", true),
    ("2001:db8::/32", "10.0.0.1", false),
    ("*", "10.0.0.1", true), ("a*", "ab.example", false),
  ])
  func leavesOut(_ except: String, _ host: String, _ expected: Bool) throws {
    let rule = ProxyRule(variables: ["http_proxy=p", "NO_PROXY=\(except)"])
    #expect((rule.proxy(for: try #require(HTTPURL("http://\(host)/")).origin) == nil) == expected)
  }
}
