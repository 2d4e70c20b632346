import Glibc
import Platform
import Protocol

/// Operations, liveness and figures.
extension Worker {
  func call(_ id: RequestID, _ params: JSONSlice?) {
    guard let frame = CallFrame(id: id, params: params) else {
      return reply(JSONRPCWriter.error(id: id, code: MCPErrorCode.invalidParams, message: "incomplete call"))
    }
    answers.acknowledge(frame.acknowledged)
    if let link {
      link.call(frame)
    } else {
      let failure = CallFailure(.notReady, "the server is not connected")
      answered(CallAnswer(operation: frame.operation, blob: frame.blob, outcome: .notSent(failure)))
    }
  }

  /// An operation ended: its answer is kept until it is acknowledged, and sent now if somebody listens.
  func answered(_ answer: CallAnswer) { reply(answers.keep(answer)) }

  func progressed(_ operation: OperationID, _ params: JSONSlice) {
    reply(
      JSONRPCWriter.notification(method: WorkerMethod.progress, reserving: params.range.count + 128) { writer in
        writer.beginObject()
        writer.member("operation", operation.description)
        writer.member("params", params)
        writer.endObject()
      })
  }

  func probe(_ id: RequestID) {
    guard let link, link.snapshot != nil else {
      return reply(JSONRPCWriter.error(id: id, code: 1, message: "the server is not connected"))
    }
    link.probe { elapsed in
      self.reply(
        JSONRPCWriter.result(id: id) { writer in
          writer.beginObject()
          writer.member("elapsedMs", elapsed.wholeMilliseconds)
          writer.endObject()
        })
    }
  }

  func figures(_ id: RequestID) {
    let loop = self.loop
    let isAccepted = thread.submit {
      let worker = getpid()
      let upstream = ResourceFigures(of: ProcessTree.descendants(of: worker))
      let own = ResourceFigures(of: [worker])
      loop.perform { self.assumeIsolated { $0.replyFigures(id, upstream, own) } }
    }
    if !isAccepted { reply(JSONRPCWriter.error(id: id, code: 1, message: "too much to look up")) }
  }

  private func replyFigures(_ id: RequestID, _ upstream: ResourceFigures, _ own: ResourceFigures) {
    reply(
      JSONRPCWriter.result(id: id) { writer in
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
