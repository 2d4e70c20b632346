"""HTTP/2 by the h2 library, over TLS and in clear text; behaviours by the first part of the path."""

import asyncio
import urllib.parse

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from journal import journal, numbers


class HTTP2(asyncio.Protocol):
    def __init__(self):
        self.h2 = h2.connection.H2Connection(config=h2.config.H2Configuration(client_side=False))
        self.requests = {}
        # What waits for the client's window, by stream: a view of the bytes, and trailers.
        self.waiting = {}
        numbers["connections"] += 1
        self.number = numbers["connections"]

    def connection_made(self, transport):
        self.transport = transport
        self.h2.initiate_connection()
        self.flush()

    def flush(self):
        self.transport.write(self.h2.data_to_send())

    def data_received(self, data):
        try:
            events = self.h2.receive_data(data)
        except h2.exceptions.ProtocolError:
            self.flush()
            self.transport.close()
            return
        for event in events:
            self.received(event)
        if not self.transport.is_closing():
            self.flush()

    def received(self, event):
        if isinstance(event, h2.events.RequestReceived):
            fields = [(self.text(name), self.text(value)) for name, value in event.headers]
            self.requests[event.stream_id] = (fields, bytearray())
        elif isinstance(event, h2.events.DataReceived):
            if event.stream_id in self.requests:
                self.requests[event.stream_id][1].extend(event.data)
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            if request := self.requests.pop(event.stream_id, None):
                self.serve(event.stream_id, *request)
        elif isinstance(event, h2.events.StreamReset):
            self.requests.pop(event.stream_id, None)
            self.waiting.pop(event.stream_id, None)
        elif isinstance(event, h2.events.WindowUpdated):
            for stream in [event.stream_id] if event.stream_id else list(self.waiting):
                self.send_more(stream)

    @staticmethod
    def text(value):
        return value.decode("latin-1") if isinstance(value, bytes) else value

    def serve(self, stream, fields, body):
        path, _, query = dict(fields)[":path"].partition("?")
        query = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()}
        journal.note(query.get("key"))
        match path.split("/")[1]:
            case "ok":
                self.answer(stream, b"hello")
            case "echo":
                text = "".join(f"{name}: {value}\n" for name, value in fields)
                self.answer(stream, text.encode("latin-1") + b"\n" + bytes(body))
            case "connection":
                self.answer(stream, str(self.number).encode())
            case "count":
                self.answer(stream, str(journal.count(query.get("of"))).encode())
            case "length":
                self.answer(stream, bytes(int(query["bytes"])))
            case "slow":
                asyncio.get_running_loop().call_later(float(query["seconds"]), self.answer_late, stream)
            case "trailers":
                self.answer(stream, b"body", trailers=[("grpc-status", "0"), ("grpc-message", "fine")])
            case "trailers-only":
                self.h2.send_headers(stream, [(":status", "200"), ("grpc-status", "5")], end_stream=True)
            case "refuse":
                self.h2.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
            case "break":
                self.h2.send_headers(stream, [(":status", "200")])
                self.h2.send_data(stream, b"half")
                self.h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
            case "half":
                self.h2.send_headers(stream, [(":status", "200")])
                self.h2.send_data(stream, b"half")
            case "drop":
                self.transport.abort()
            case "goaway":
                # Says that it did not read this request, which is not true: nobody should rely on it.
                self.h2.close_connection(last_stream_id=0)
                self.flush()
                self.transport.close()
            case "never":
                pass
            case _:
                self.answer(stream, b"no such path", status="404")

    def answer_late(self, stream):
        if self.transport.is_closing():
            return
        try:
            self.answer(stream, b"at last")
        except h2.exceptions.StreamClosedError:
            return
        self.flush()

    def answer(self, stream, body, status="200", trailers=()):
        # With a length nobody would wait for trailers.
        length = [] if trailers else [("content-length", str(len(body)))]
        self.h2.send_headers(stream, [(":status", status), *length])
        self.waiting[stream] = (memoryview(body), trailers)
        self.send_more(stream)

    def send_more(self, stream):
        body, trailers = self.waiting.pop(stream, (None, ()))
        if body is None:
            return
        while body:
            size = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(body))
            if size <= 0:
                self.waiting[stream] = (body, trailers)
                return
            self.h2.send_data(stream, bytes(body[:size]), end_stream=size == len(body) and not trailers)
            body = body[size:]
        if trailers:
            self.h2.send_headers(stream, trailers, end_stream=True)
