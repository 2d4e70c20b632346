"""An HTTP proxy: requests with an absolute URL, and CONNECT. Wants the credentials user:secret."""

import asyncio
import base64

from journal import journal

WANTED = "Basic " + base64.b64encode(b"user:secret").decode()


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def serve(reader, writer):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
        return
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    fields = dict(line.split(": ", 1) for line in lines[1:-2])
    journal.note(f"proxy {method} {target}")
    if method == "CONNECT" and "Authorization" in fields:
        journal.note("proxy leak")
    if fields.get("Proxy-Authorization") != WANTED:
        writer.write(b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        return
    if method != "CONNECT":
        body = f"through the proxy: {target}".encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        writer.close()
        return
    # Whatever the name, it is here: the tests need no names of their own.
    _, _, port = target.rpartition(":")
    try:
        there = await asyncio.open_connection("127.0.0.1", int(port))
    except OSError:
        writer.write(b"HTTP/1.1 502 Nobody there\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        return
    writer.write(b"HTTP/1.1 200 Go on\r\nX-Proxy: yes\r\n\r\n")
    await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))
