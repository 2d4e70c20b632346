import Protocol
import Testing

@testable import HTTPClient

struct AddressClassTests {
  /// The first and last addresses of each range, and their neighbours.
  @Test(arguments: [
    ("0.0.0.0", AddressClass.reserved), ("0.255.255.255", .reserved), ("1.0.0.0", .global), ("9.255.255.255", .global),
    ("10.0.0.0", .reserved), ("10.255.255.255", .reserved), ("11.0.0.0", .global), ("100.63.255.255", .global),
    ("100.64.0.0", .reserved), ("100.127.255.255", .reserved), ("100.128.0.0", .global), ("126.255.255.255", .global),
    ("127.0.0.1", .loopback), ("127.255.255.255", .loopback), ("128.0.0.0", .global), ("169.253.255.255", .global),
    ("169.254.0.0", .reserved), ("169.254.169.254", .reserved), ("169.255.0.0", .global), ("172.15.255.255", .global),
    ("172.16.0.0", .reserved), ("172.31.255.255", .reserved), ("172.32.0.0", .global), ("192.0.0.0", .reserved),
    ("192.0.1.0", .global), ("192.0.2.1", .reserved), ("192.0.3.0", .global), ("192.88.99.1", .reserved),
    ("192.88.98.1", .global),
    ("192.167.255.255", .global), ("192.168.0.0", .reserved), ("192.168.255.255", .reserved), ("192.169.0.0", .global),
    ("198.17.255.255", .global), ("198.18.0.0", .reserved), ("198.19.255.255", .reserved), ("198.20.0.0", .global),
    ("198.51.100.1", .reserved), ("198.51.101.0", .global), ("203.0.113.1", .reserved), ("203.0.114.0", .global),
    ("223.255.255.255", .global), ("224.0.0.1", .reserved), ("239.255.255.250", .reserved), ("240.0.0.1", .reserved),
    ("255.255.255.255", .reserved), ("8.8.8.8", .global),
    ("::", .reserved), ("::1", .loopback), ("::2", .reserved), ("::7f00:1", .reserved), ("::8.8.8.8", .reserved),
    ("::ffff:127.0.0.1", .loopback), ("::ffff:10.0.0.1", .reserved), ("::ffff:8.8.8.8", .global),
    ("::ffff:0.0.0.0", .reserved),
    ("::ffff:0:8.8.8.8", .reserved), ("64:ff9b::8.8.8.8", .global), ("64:ff9b::10.0.0.1", .reserved),
    ("64:ff9b::127.0.0.1", .reserved), ("64:ff9b::169.254.169.254", .reserved), ("64:ff9b:1::8.8.8.8", .reserved),
    ("64:ff9b:0:0:1::8.8.8.8", .reserved), ("100::1", .reserved), ("2001::1", .reserved),
    ("2001:1ff:ffff::", .reserved),
    ("2001:200::", .global), ("2001:db8::1", .reserved), ("2001:db7::1", .global), ("2001:db9::1", .global),
    ("2002:808:808::1", .global), ("2002:7f00:1::", .reserved), ("2002:a00:1::", .reserved),
    ("2002:c0a8:101::1", .reserved),
    ("2003::1", .global), ("2606:4700::1111", .global), ("3ffe::1", .global), ("3fff::1", .reserved),
    ("3fff:fff::", .reserved),
    ("3fff:1000::", .global), ("4000::", .reserved), ("5f00::1", .reserved), ("fbff::1", .reserved),
    ("fc00::1", .reserved),
    ("fdff:ffff::1", .reserved), ("fe80::1", .reserved), ("febf::1", .reserved), ("fec0::1", .reserved),
    ("ff02::1", .reserved),
    ("1fff::1", .reserved),
  ])
  func sorts(_ text: String, _ expected: AddressClass) throws {
    #expect(AddressClass(try #require(IPLiteral(text))) == expected)
  }

  @Test(arguments: [
    (HTTPRequest.Addresses.any, [true, true, true]), (.publicOnly, [true, false, false]),
    (.publicOrLoopback, [true, true, false]),
  ])
  func allows(_ rule: HTTPRequest.Addresses, _ expected: [Bool]) {
    #expect([AddressClass.global, .loopback, .reserved].map { $0.isAllowed(by: rule) } == expected)
  }
}
