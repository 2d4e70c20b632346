import Testing

@testable import Front

/// When a worker may forget the answer that a session's client got.
@Suite("AnswerReceipt")
struct AnswerReceiptTests {
  @Test func nothingWasSent() {
    let receipt = AnswerReceipt()
    #expect(!receipt.hasDelivered(0))
    receipt.isPointless = true
    #expect(receipt.hasDelivered(0))
  }

  @Test func anAnswerOfItsOwnIsDeliveredWithItsConnection() {
    let receipt = AnswerReceipt()
    let connection = FakeConnection()
    receipt.follow(connection)
    #expect(!receipt.hasDelivered(0))
    connection.respond(status: 200, headers: [], contentType: nil, body: [])
    #expect(receipt.hasDelivered(0))
  }

  @Test func anEventIsDeliveredWhenItsLastByteIsTaken() {
    let receipt = AnswerReceipt()
    let (first, second) = (FakeEventBody(), FakeEventBody())
    _ = first.write([[UInt8](repeating: 0, count: 100)])
    receipt.follow(first, mark: 90)
    first.read(89)
    #expect(!receipt.hasDelivered(0))
    // What breaks off has delivered what was taken from it, and nothing else.
    first.leave()
    #expect(!receipt.hasDelivered(0))
    _ = second.write([[1, 2, 3]])
    receipt.follow(second, mark: 3)
    second.read(3)
    #expect(receipt.hasDelivered(0))
  }
}
