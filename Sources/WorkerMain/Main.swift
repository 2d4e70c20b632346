import Glibc
import UpstreamWorker

@main
enum Main {
  static func main() { exit(WorkerProgram.run()) }
}
