#!/usr/bin/env python3
"""Servers that behave, or misbehave, as the path says. For HTTPClientTests.

Prints one line of JSON when they are ready: a port for each, and the file of the authority that signs. Ends when
standard input does.
"""

import asyncio
import json
import pathlib
import socket
import ssl
import sys
import tempfile
import warnings

# TLS 1.1 is old on purpose.
warnings.simplefilter("ignore", DeprecationWarning)
sys.dont_write_bytecode = True

import http1  # noqa: E402
import http2  # noqa: E402
import proxy  # noqa: E402
from certificates import Authority  # noqa: E402

HERE = ["localhost", "127.0.0.1", "::1", "test.example"]


def contexts(directory):
    """TLS servers: their names, contexts and whether they speak HTTP/2."""
    authority, stranger = Authority(directory, "authority"), Authority(directory, "stranger")
    good = authority.context("good", HERE)
    both = authority.context("both", HERE)
    both.set_alpn_protocols(["h2"])
    old = authority.context("old", HERE)
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    return authority.file, [
        ("https", good, False),
        ("https2", both, True),
        ("wrongName", authority.context("wrong", ["other.example"]), False),
        ("stranger", stranger.context("strange", HERE), False),
        ("expired", authority.context("expired", HERE, expired=True), False),
        ("oldTLS", old, False),
    ]


def blackhole():
    """A listening socket that accepts nobody any more, and what fills its queue."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(8):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    return listener, fillers


async def main():
    loop = asyncio.get_running_loop()
    # Clients that leave in the middle of TLS are what this is for.
    loop.set_exception_handler(lambda loop, context: None if "SSL" in str(context) else loop.default_exception_handler(context))
    with tempfile.TemporaryDirectory() as directory:
        file, servers = contexts(pathlib.Path(directory))
        ready = {"authority": str(file)}
        here = ("127.0.0.1", 0)
        sockets = {
            "http": await asyncio.start_server(http1.serve, *here),
            "http2": await loop.create_server(http2.HTTP2, *here),
            "proxy": await asyncio.start_server(proxy.serve, *here),
        }
        for name, context, is_http2 in servers:
            if is_http2:
                sockets[name] = await loop.create_server(http2.HTTP2, *here, ssl=context)
            else:
                sockets[name] = await asyncio.start_server(http1.serve, *here, ssl=context)
        for name, server in sockets.items():
            ready[name] = server.sockets[0].getsockname()[1]
        hole = blackhole()
        ready["blackhole"] = hole[0].getsockname()[1]
        print(json.dumps(ready), flush=True)
        await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
