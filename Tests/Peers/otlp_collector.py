"""An OTLP collector on the official gRPC library. It writes `{"port": …}` and then a line of JSON for each request: its
metadata, and with `"spans"` its resource, scope and spans. It ends with its standard input.

Arguments: [--port N] [--tls CERTIFICATE KEY] [--reject N] [CODE…]; each CODE is the status of one request, in order, and
later requests succeed. `--reject` says of each success that so many spans were not taken.
"""

import argparse
import concurrent.futures
import json
import os
import sys
import threading

os.environ["GRPC_VERBOSITY"] = "NONE"  # handshakes that must fail are none of the tests' output

import grpc
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, codes, rejected):
        self.codes = codes
        self.rejected = rejected
        self.lock = threading.Lock()

    def Export(self, request, context):
        with self.lock:
            code = self.codes.pop(0) if self.codes else "OK"
            metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
            line = {"code": code, "metadata": metadata, "seconds": context.time_remaining()}
            if code == "OK":
                line["spans"] = MessageToDict(request)["resourceSpans"]
            print(json.dumps(line), flush=True)
        if code != "OK":
            context.abort(grpc.StatusCode[code], "told to")
        answer = trace_service_pb2.ExportTraceServiceResponse()
        if self.rejected:
            answer.partial_success.rejected_spans = self.rejected
            answer.partial_success.error_message = "too old"
        return answer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--reject", type=int, default=0)
    parser.add_argument("codes", nargs="*")
    options = parser.parse_args()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    collector = Collector(options.codes, options.reject)
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)
    address = f"127.0.0.1:{options.port}"
    if options.tls:
        certificate, key = (open(path, "rb").read() for path in options.tls)
        port = server.add_secure_port(address, grpc.ssl_server_credentials([(key, certificate)]))
    else:
        port = server.add_insecure_port(address)
    server.start()
    print(json.dumps({"port": port}), flush=True)
    sys.stdin.read()
    server.stop(0)


main()
