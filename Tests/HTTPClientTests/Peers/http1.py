"""HTTP/1.1 by hand, so that it can be wrong: each behaviour is a function, named by the first part of the path."""

import asyncio
import gzip
import socket
import struct
import urllib.parse
import zlib

from journal import journal, numbers


class Request:
    def __init__(self, method, target, head, body):
        self.method, self.target, self.head, self.body = method, target, head, body
        path, _, query = target.partition("?")
        self.path = path
        self.query = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()}

    def number(self, name, default):
        return float(self.query.get(name, default))


def answer(body=b"", status="200 OK", fields=(), length=True):
    lines = [f"HTTP/1.1 {status}", *fields]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


async def read_request(reader):
    try:
        first = await reader.readexactly(1)
        if not first.isalpha():
            return Request("GET", "/status?is=400", b"", b"")  # TLS, say
        head = first + await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    fields = {}
    for line in lines[1:-2]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    early = target.startswith("/early")
    body = b"" if early else await reader.readexactly(int(fields.get("content-length", "0")))
    request = Request(method, target, head, body)
    journal.note(request.query.get("key"))
    return request


async def serve(reader, writer):
    numbers["connections"] += 1
    # Lets a client see that its requests share connections, whatever other tests do.
    connection = numbers["connections"]
    try:
        while request := await read_request(reader):
            request.connection = connection
            action = ACTIONS.get(request.path.split("/")[1], missing)
            if await action(request, writer) is False:
                break
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


# MARK: Behaviours. False closes the connection.


async def missing(request, writer):
    writer.write(answer(b"no such path", "404 Not Found"))


async def ok(request, writer):
    writer.write(answer(b"hello", fields=["Content-Type: text/plain; charset=utf-8"]))


async def echo(request, writer):
    """The request itself, byte for byte."""
    writer.write(answer(request.head + request.body))


async def count(request, writer):
    writer.write(answer(str(journal.count(request.query.get("of"))).encode()))


async def connection(request, writer):
    writer.write(answer(str(request.connection).encode()))


async def length(request, writer):
    size = int(request.number("bytes", 0))
    writer.write(answer(fields=[f"Content-Length: {size}"], length=False))
    block = bytes(range(256)) * 256
    while size > 0:
        writer.write(block[:size])
        size -= len(block)
        await writer.drain()


async def half(request, writer):
    """The first half of a JSON document."""
    writer.write(answer(b'{"half": ', fields=["Content-Length: 100"], length=False))
    await writer.drain()
    return False


async def slow(request, writer):
    await asyncio.sleep(request.number("seconds", 0.2))
    writer.write(answer(b"at last"))


async def never(request, writer):
    await asyncio.sleep(3600)


async def stall(request, writer):
    """A head, some of the body, then nothing."""
    writer.write(answer(b"some", fields=["Content-Length: 100"], length=False))
    await writer.drain()
    await asyncio.sleep(3600)


async def swallow(request, writer):
    """Reads the request and closes without a word."""
    return False


async def reset(request, writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


async def once(request, writer):
    """Answers and closes the connection a moment later, without having said so."""
    writer.write(answer(b"once"))
    await writer.drain()
    return False


async def interim(request, writer):
    writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    writer.write(answer(b"final"))


async def trailers(request, writer):
    writer.write(answer(fields=["Transfer-Encoding: chunked", "Trailer: grpc-status"], length=False))
    writer.write(chunk(b"body") + b"0\r\ngrpc-status: 0\r\ngrpc-message: fine\r\n\r\n")


async def redirect(request, writer):
    to = request.query.get("to", "/ok")
    status = request.query.get("status", "307")
    writer.write(answer(b"go on", f"{status} Redirect", [f"Location: {to}"]))


async def ring(request, writer):
    """Redirects from one place to the next, `of` in all, and round."""
    step = (int(request.number("at", 0)) + 1) % int(request.number("of", 3))
    to = f"/ring?at={step}&of={int(request.number('of', 3))}&secret=hidden"
    writer.write(answer(b"", "307 Redirect", [f"Location: {to}"]))


async def early(request, writer):
    """Answers before it has read the body, which it reads and drops afterwards."""
    writer.write(answer(b"too much", "413 Too Large", ["Connection: close"]))
    await writer.drain()
    await asyncio.sleep(0.05)
    return False


async def status(request, writer):
    writer.write(answer(b"{}", f"{request.query['is']} Status"))


async def head(request, writer):
    """A head of so many fields, of so many bytes each."""
    size, fields = int(request.number("bytes", 10)), int(request.number("fields", 1))
    writer.write(answer(b"x", fields=[f"X-{index}: {'v' * size}" for index in range(fields)]))


async def raw(request, writer):
    """The bytes that the query has, then the end."""
    writer.write(request.query["bytes"].encode("latin-1"))
    await writer.drain()
    return False


async def compressed(request, writer):
    data = gzip.compress(b"text " * 1000)
    writer.write(answer(data, fields=["Content-Encoding: gzip"]))


async def bomb(request, writer):
    """Zeros without end, compressed."""
    writer.write(answer(fields=["Transfer-Encoding: chunked", "Content-Encoding: gzip"], length=False))
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    zeros = bytes(1024 * 1024)
    while True:
        writer.write(chunk(packer.compress(zeros) + packer.flush(zlib.Z_SYNC_FLUSH)))
        await writer.drain()


async def events(request, writer):
    """Two events and half of one, then the end of the connection."""
    text = b"event: a\ndata: 1\n\nid: 7\ndata: 2\n\ndata: half of"
    writer.write(answer(fields=["Content-Type: text/event-stream", "Transfer-Encoding: chunked"], length=False))
    for index in range(0, len(text), 7):
        writer.write(chunk(text[index : index + 7]))
        await writer.drain()
    return False


async def comments(request, writer):
    writer.write(answer(fields=["Content-Type: text/event-stream", "Transfer-Encoding: chunked"], length=False))
    block = chunk(b": nothing to say\n" * 4096)
    while True:
        writer.write(block)
        await writer.drain()


async def drip(request, writer):
    """So many pieces, so far apart."""
    writer.write(answer(fields=["Transfer-Encoding: chunked"], length=False))
    for _ in range(int(request.number("pieces", 5))):
        writer.write(chunk(b"drop"))
        await writer.drain()
        await asyncio.sleep(request.number("seconds", 0.05))
    writer.write(b"0\r\n\r\n")


ACTIONS = {
    function.__name__: function
    for function in [
        ok, echo, count, connection, length, half, slow, never, stall, swallow, reset, once, interim, trailers, redirect, ring,
        early, status, head, raw, compressed, bomb, events, comments, drip,
    ]
}


