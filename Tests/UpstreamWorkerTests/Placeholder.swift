// UpstreamWorkerTests
