// UpstreamWorker
