import Glibc
import Platform
import Protocol

/// Operations, liveness and figures.
extension Worker {
  func call(_ question: Question, _ params: JSONSlice?) {
    guard let frame = CallFrame(id: question.id, params: params) else {
      return question.reply(
        JSONRPCWriter.error(id: question.id, code: MCPErrorCode.invalidParams, message: "incomplete call"))
    }
    answers.acknowledge(frame.acknowledged)
    // A call that was sent twice is executed once: its answer is known already.
    if let answer = answers[frame.operation] { return reply(answer) }
    answers.note(frame.operation, of: frame.asker, at: MonotonicTime.now.nanoseconds)
    if let link {
      link.call(frame)
    } else {
      let failure = CallFailure(.notReady, "the server is not connected")
      answered(CallAnswer(operation: frame.operation, blob: frame.blob, outcome: .notSent(failure)))
    }
  }

  /// An operation ended: its answer is kept until it is acknowledged, and sent now if somebody listens.
  func answered(_ answer: CallAnswer) {
    if let progress = relays.finish(answer.operation), hasRoomForRelays { reply(progress) }
    reply(answers.keep(answer))
  }

  func probe(_ question: Question) {
    guard let link, link.snapshot != nil else {
      return question.reply(JSONRPCWriter.error(id: question.id, code: 1, message: "the server is not connected"))
    }
    link.probe { result in
      switch result {
      case .success(let elapsed):
        question.reply(
          JSONRPCWriter.result(id: question.id) { writer in
            writer.beginObject()
            writer.member("elapsedMs", elapsed.wholeMilliseconds)
            writer.endObject()
          })
      case .failure(let failure):
        question.reply(JSONRPCWriter.error(id: question.id, code: 1, message: failure.detail))
      }
    }
  }

  func figures(_ question: Question) {
    let loop = self.loop
    let box = LoopBound(question)
    let isAccepted = thread.submit {
      let worker = getpid()
      let upstream = ResourceFigures(of: ProcessTree.descendants(of: worker))
      let own = ResourceFigures(of: [worker])
      loop.perform { Self.reply(to: box.value, upstream, own) }
    }
    if !isAccepted {
      question.reply(JSONRPCWriter.error(id: question.id, code: 1, message: "too much to look up"))
    }
  }

  private static func reply(to question: Question, _ upstream: ResourceFigures, _ own: ResourceFigures) {
    question.reply(
      JSONRPCWriter.result(id: question.id) { writer in
        writer.beginObject()
        writer.member("memoryBytes", upstream.memoryBytes)
        writer.member("cpuMs", upstream.cpuMilliseconds)
        writer.member("processes", upstream.processes)
        writer.member("workerMemoryBytes", own.memoryBytes)
        writer.member("workerCpuMs", own.cpuMilliseconds)
        writer.endObject()
      })
  }
}
