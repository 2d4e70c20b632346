#!/usr/bin/env python3
"""An MCP server over HTTP that behaves, or misbehaves, as its options and the called tool say. For UpstreamWorkerTests.

Written on bare sockets, so that it can break every rule. It writes its port into --ready when it listens, and one line of
JSON per request into --journal. What a tool does is told at its function.
"""

import argparse
import asyncio
import gzip
import itertools
import json
import os
import ssl
import sys
import zlib

ARGUMENTS = argparse.ArgumentParser()
ARGUMENTS.add_argument("--ready", required=True)
ARGUMENTS.add_argument("--journal", required=True)
ARGUMENTS.add_argument("--port", type=int, default=0)
ARGUMENTS.add_argument("--era", choices=["legacy", "modern", "old"], default="legacy")
ARGUMENTS.add_argument("--version", default="2025-11-25", help="what initialize answers with")
ARGUMENTS.add_argument("--no-session", action="store_true")
ARGUMENTS.add_argument("--answers", choices=["json", "sse"], default="json")
ARGUMENTS.add_argument("--get", type=int, default=405, help="status of GET; 200 opens a stream")
ARGUMENTS.add_argument("--token", help="what Authorization must be")
ARGUMENTS.add_argument("--certificate", help="PEM file with certificate and key")
ARGUMENTS.add_argument("--ping", action="store_true", help="asks for a ping on the GET stream")
ARGUMENTS.add_argument("--get-life", type=float, help="seconds after which the first GET stream ends")
ARGUMENTS.add_argument(
    "--endpoint", default="/messages?session={}",
    help="what an event stream of 2024-11-05 names; {} is its number")
ARGUMENTS.add_argument(
    "--on", action="append", default=[], metavar="METHOD[@FIRST]=STATUS[:COUNT[:RETRY-AFTER[:TYPE:BODY]]]",
    help="answers that method, from its FIRST time on, so many times (0: always) with that status; status 0 closes the"
    " connection, 1 stays silent")
ARGUMENTS.add_argument("--unknown", type=int, default=404, help="status for a session that is not known")
ARGUMENTS.add_argument("--delete-late", action="store_true", help="never answers DELETE")
OPTIONS = ARGUMENTS.parse_args()

MODERN = "2026-07-28"
sessions = {}
counter = itertools.count(1)
streams = []  # open standing streams
numbers = itertools.count(1)  # of event streams of 2024-11-05
events = {}  # event id -> what follows it
waiting = {}  # id of a request of ours -> future
grown = []
calls = 0
refusals = {}


def note(**what):
    with open(OPTIONS.journal, "a", encoding="utf-8") as file:
        print(json.dumps(what), file=file, flush=True)


class Request:
    def __init__(self, method, target, fields, body):
        self.method, self.target, self.fields, self.body = method, target, fields, body
        self.message = None
        try:
            self.message = json.loads(body) if body else None
        except ValueError:
            pass
        message = self.message if isinstance(self.message, dict) else {}
        self.rpc, self.id = message.get("method"), message.get("id")
        self.params = message.get("params") or {}


class Reply:
    """Writes one answer."""

    def __init__(self, writer):
        self.writer = writer

    def head(self, status, fields):
        lines = [f"HTTP/1.1 {status} {'OK' if status < 300 else 'No'}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def send(self, status, body=b"", fields=None, kind="application/json"):
        fields = dict(fields or {})
        if body:
            fields.setdefault("Content-Type", kind)
        fields.setdefault("Content-Length", len(body))
        self.head(status, fields)
        self.writer.write(body)
        await self.writer.drain()

    async def json(self, message, status=200, fields=None):
        await self.send(status, json.dumps(message).encode(), fields)

    async def begin(self, status=200, kind="text/event-stream", fields=None):
        self.head(status, {"Content-Type": kind, "Transfer-Encoding": "chunked", **(fields or {})})
        await self.writer.drain()

    async def chunk(self, data):
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        await self.writer.drain()

    async def event(self, message, id=None, retry=None, name=None):
        text = ""
        if name:
            text += f"event: {name}\n"
        if id:
            text += f"id: {id}\n"
        if retry is not None:
            text += f"retry: {retry}\n"
        text += "data: " + (message if isinstance(message, str) else json.dumps(message)) + "\n\n"
        await self.chunk(text.encode())

    async def end(self):
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()


class Close(Exception):
    """Ends the connection."""


def result(request, value):
    if OPTIONS.era == "modern":
        value = {"resultType": "complete", **value}
    return {"jsonrpc": "2.0", "id": request.id, "result": value}


def error(request, code, message, data=None):
    body = {"code": code, "message": message}
    if data is not None:
        body["data"] = data
    return {"jsonrpc": "2.0", "id": request.id, "error": body}


def text(request, words):
    return result(request, {"content": [{"type": "text", "text": words}]})


async def answer(request, reply, message, fields=None):
    if OPTIONS.answers == "json":
        await reply.json(message, fields=fields)
    else:
        await reply.begin(fields=fields)
        await reply.event(message)
        await reply.end()


# MARK: Tools


async def tool_echo(request, reply, arguments):
    await answer(request, reply, text(request, json.dumps(arguments, separators=(",", ":"))))


async def tool_count(request, reply, arguments):
    """How many calls of tools were executed before."""
    await answer(request, reply, text(request, str(calls)))


async def tool_sleep(request, reply, arguments):
    await asyncio.sleep(arguments["ms"] / 1000)
    await answer(request, reply, text(request, "slept"))


async def tool_status(request, reply, arguments):
    """Any status, type and body; `json` is a body, too."""
    fields = {"Retry-After": arguments["retryAfter"]} if "retryAfter" in arguments else {}
    body = arguments.get("body", "").replace("$AUTH", request.fields.get("authorization", ""))
    body = body.replace("$SESSION", request.fields.get("mcp-session-id", "")).encode()
    if "json" in arguments:
        message = {"jsonrpc": "2.0", **arguments["json"]}
        if message.get("id") == "ours":
            message["id"] = request.id
        body = json.dumps(message).encode()
    await reply.send(arguments["code"], body, fields, arguments.get("type", "application/json"))


async def tool_half(request, reply, arguments):
    """Half a body of JSON, then the end of the connection."""
    body = json.dumps(text(request, "x" * 1000)).encode()
    reply.head(200, {"Content-Type": "application/json", "Content-Length": len(body)})
    reply.writer.write(body[: len(body) // 2])
    raise Close


async def tool_broken(request, reply, arguments):
    """A whole body that is half JSON."""
    await reply.send(200, json.dumps(text(request, "x"))[:-5].encode())


async def tool_cut(request, reply, arguments):
    """An event stream that ends in the middle of an event."""
    await reply.begin()
    await reply.chunk(b'data: {"jsonrpc":"2.0","id":')
    raise Close


async def tool_comments(request, reply, arguments):
    await reply.begin()
    while True:
        await reply.chunk(b": " + b"x" * 8000 + b"\n")


async def tool_huge(request, reply, arguments):
    """A body of so many MiB, as JSON or as one event."""
    piece = b"x" * (1 << 20)
    sse = arguments.get("sse")
    await reply.begin(kind="text/event-stream" if sse else "application/json")
    await reply.chunk((b"data: " if sse else b"") + b'{"jsonrpc":"2.0","id":%d,"result":{"x":"' % request.id)
    for _ in range(arguments["mib"]):
        await reply.chunk(piece)
    await reply.chunk(b'"}}' + (b"\n\n" if sse else b""))
    await reply.end()


async def tool_bomb(request, reply, arguments):
    """A few hundred KiB of gzip that are some hundred MiB."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    await reply.begin(
        kind="text/event-stream" if arguments.get("sse") else "application/json", fields={"Content-Encoding": "gzip"})
    start = b": " if arguments.get("sse") else b'{"jsonrpc":"2.0","id":%d,"result":{"x":"' % request.id
    await reply.chunk(squeeze.compress(start) + squeeze.flush(zlib.Z_SYNC_FLUSH))
    for _ in range(300):
        if data := squeeze.compress(b"x" * (1 << 20)):
            await reply.chunk(data)
    await reply.chunk(squeeze.flush())
    await reply.end()


async def tool_packed(request, reply, arguments):
    body = gzip.compress(json.dumps(text(request, "unpacked")).encode())
    await reply.send(200, body, {"Content-Encoding": "gzip"})


async def tool_redirect(request, reply, arguments):
    if request.target.endswith("moved"):
        return await answer(request, reply, text(request, "moved"))
    await reply.send(arguments.get("code", 307), fields={"Location": arguments["to"]})


async def tool_batch(request, reply, arguments):
    await reply.json([
        {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}},
        {"jsonrpc": "2.0", "id": 999999, "result": {}}, text(request, "one of three")])


async def tool_foreign(request, reply, arguments):
    """Answers with foreign ids first, and keeps the stream open after its own."""
    await reply.begin()
    for id in (request.id + 1, request.id - 1, str(request.id), None):
        await reply.event({"jsonrpc": "2.0", "id": id, "result": {"content": [{"type": "text", "text": "foreign"}]}})
    await reply.event("no JSON")
    await reply.event(text(request, "ours"), name="message")
    try:
        for _ in range(200):
            await asyncio.sleep(0.05)
            await reply.chunk(b": still here\n\n")
    except asyncio.CancelledError:
        note(event="stream closed")
        raise


async def tool_nothing(request, reply, arguments):
    """A stream that ends without an answer."""
    await reply.begin()
    await reply.event({"jsonrpc": "2.0", "method": "notifications/message", "params": {}})
    await reply.end()


async def tool_resume(request, reply, arguments):
    """Breaks its stream so many times; GET with the last event id goes on. `fail`: statuses of the first GETs."""
    await reply.begin()
    left = arguments.get("cuts", 1)
    key = f"{request.id}-{left}"
    events[key] = (text(request, "resumed"), left, list(arguments.get("fail", [])), arguments)
    if arguments.get("prime"):
        await reply.chunk(f"id: {key}\nretry: {arguments.get('retry', 50)}\ndata:\n\n".encode())
    else:
        await reply.event(
            {"jsonrpc": "2.0", "method": "notifications/message", "params": {}}, id=key, retry=arguments.get("retry", 50))
    if arguments.get("clean"):
        await reply.end()
    raise Close


async def resume(request, reply):
    key = request.fields["last-event-id"]
    if key not in events:
        return await reply.send(404, b"no such event", kind="text/plain")
    message, left, failures, arguments = events[key]
    if failures:
        return await reply.send(failures.pop(0), b"not now", kind="text/plain")
    await reply.begin()
    if left > 1:
        del events[key]
        key = f"{message['id']}-{left - 1}"
        events[key] = (message, left - 1, list(arguments.get("fail", [])), arguments)
        await reply.chunk(f"id: {key}\ndata:\n\n".encode())
        raise Close
    await reply.event(message, id=f"{message['id']}-0")
    await reply.end()


async def tool_close(request, reply, arguments):
    """Executes, and closes the connection without a byte."""
    raise Close


async def tool_forget(request, reply, arguments):
    """Forgets all sessions, after this answer."""
    await answer(request, reply, text(request, "forgotten"))
    sessions.clear()
    for stream in streams:
        stream.cancel()


async def tool_progress(request, reply, arguments):
    await reply.begin()
    token = request.params.get("_meta", {}).get("progressToken")
    for step in range(3):
        await reply.event({"jsonrpc": "2.0", "method": "notifications/progress",
                           "params": {"progressToken": token, "progress": step + 1}})
    await reply.event(text(request, "done"))
    await reply.end()


async def tool_ask(request, reply, arguments):
    """Asks the client two things before it answers."""
    await reply.begin()
    words = []
    for method in ("ping", "sampling/createMessage"):
        id = f"q{next(counter)}"
        waiting[id] = asyncio.get_running_loop().create_future()
        await reply.event({"jsonrpc": "2.0", "id": id, "method": method})
        answered = await asyncio.wait_for(waiting[id], 10)
        words.append("result" if "result" in answered else str(answered["error"]["code"]))
    await reply.event(text(request, " ".join(words)))
    await reply.end()


async def tool_grow(request, reply, arguments):
    """Adds a tool and says so on the standing stream."""
    grown.append(f"grown{len(grown) + 1}")
    await answer(request, reply, text(request, "grown"))
    for stream in list(streams):
        stream.queue.put_nowait({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})


async def tool_header(request, reply, arguments):
    """Its annotated arguments, as the headers had them."""
    found = {name: value for name, value in request.fields.items() if name.startswith("mcp-param-")}
    name = request.fields.get("mcp-name", "")
    await answer(request, reply, text(request, json.dumps({"name": name, **found}, sort_keys=True)))


async def tool_picky(request, reply, arguments):
    """Wants a header that its schema tells only after the first call."""
    if "mcp-param-late" not in request.fields:
        grown.append("late")
        return await reply.json(error(request, -32020, "Mcp-Param-Late is missing"), status=400)
    await answer(request, reply, text(request, request.fields["mcp-param-late"]))


async def tool_upgrade(request, reply, arguments):
    await reply.json(error(request, -32022, "no such version", {"supported": ["2031-01-01"], "requested": MODERN}), 400)


TOOLS = {name[5:]: function for name, function in list(globals().items()) if name.startswith("tool_")}


def tools():
    listed = [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]
    by_name = {tool["name"]: tool for tool in listed}
    by_name["header"]["inputSchema"]["properties"] = {
        "region": {"type": "string", "x-mcp-header": "Region"}, "limit": {"type": "integer", "x-mcp-header": "Limit"},
        "deep": {"type": "object", "properties": {"flag": {"type": "boolean", "x-mcp-header": "Flag"}}}}
    if "late" in grown:
        by_name["picky"]["inputSchema"]["properties"] = {"late": {"type": "string", "x-mcp-header": "Late"}}
    if OPTIONS.era == "modern":
        listed.append({"name": "crooked", "inputSchema": {
            "type": "object", "properties": {"x": {"type": "number", "x-mcp-header": "X"}}}})
    return listed + [{"name": name, "inputSchema": {"type": "object"}} for name in grown if name != "late"]


# MARK: Methods


async def handle(request, reply):
    """Answers one request; raises Close to end the connection."""
    global calls
    note(
        method=request.method, target=request.target, rpc=request.rpc, id=request.id,
        answer=request.id if request.rpc is None else None, name=request.params.get("name"),
        cancelled=request.params.get("requestId"),
        fields={name: value for name, value in request.fields.items() if name not in ("host", "content-length")})
    if OPTIONS.token and request.fields.get("authorization") != OPTIONS.token:
        return await reply.send(
            401, b"who are you? " + request.fields.get("authorization", "").encode(),
            {"WWW-Authenticate": "Bearer"}, kind="text/plain")
    key = request.rpc if request.rpc in refusals else request.method
    if key in refusals:
        refusals[key]["first"] -= 1
    if key in refusals and refusals[key]["first"] < 1:
        refusal = refusals[key]
        refusal["count"] -= 1
        if refusal["count"] == 0:
            del refusals[key]
        if refusal["status"] == 0:
            raise Close
        if refusal["status"] == 1:
            return await asyncio.sleep(3600)
        fields = {"Retry-After": refusal["retry"]} if refusal["retry"] else {}
        body = refusal["body"].replace("ID", json.dumps(request.id)).encode()
        return await reply.send(refusal["status"], body, fields, refusal["kind"])
    if request.method == "GET":
        return await get(request, reply)
    if request.method == "DELETE":
        if OPTIONS.delete_late:
            await asyncio.sleep(3600)
        sessions.pop(request.fields.get("mcp-session-id"), None)
        return await reply.send(200)
    if OPTIONS.era == "old":
        return await old(request, reply)
    if OPTIONS.era == "legacy" and request.rpc != "initialize":
        if refused := check_session(request):
            return await reply.json({"jsonrpc": "2.0", "error": {"code": -32000, "message": refused[1]}, "id": None},
                                    status=refused[0])
    await dispatch(request, reply)


def check_session(request):
    if request.rpc == "server/discover" and "mcp-session-id" not in request.fields:
        return 400, "Bad Request: Server not initialized"
    if OPTIONS.no_session:
        return None
    id = request.fields.get("mcp-session-id")
    if id is None:
        return 400, "Bad Request: Missing session ID"
    return None if id in sessions else (OPTIONS.unknown, "Session not found: " + id)


async def dispatch(request, reply):
    global calls
    if request.rpc is None:
        if request.id in waiting:
            waiting[request.id].set_result(request.message)
        return await reply.send(202)
    if request.id is None:
        return await reply.send(202)
    if OPTIONS.era == "modern" and (refused := modern_refusal(request)):
        return await reply.json(refused[1], status=refused[0])
    capabilities = {"tools": {"listChanged": True}}
    if request.rpc == "initialize":
        fields = {}
        if not OPTIONS.no_session:
            session = f"secret-session-{next(counter)}"
            sessions[session] = True
            fields = {"Mcp-Session-Id": session}
        value = {"protocolVersion": OPTIONS.version, "capabilities": capabilities,
                 "serverInfo": {"name": "peer", "version": "1"}}
        await answer(request, reply, result(request, value), fields)
    elif request.rpc == "server/discover":
        await answer(request, reply, result(request, {
            "supportedVersions": [MODERN], "capabilities": capabilities, "ttlMs": 0, "cacheScope": "private",
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "peer", "version": "1"}}}))
    elif request.rpc == "subscriptions/listen":
        stream = Stream(reply)
        subscription = {"io.modelcontextprotocol/subscriptionId": request.id}
        stream.queue.put_nowait({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                                 "params": {"_meta": subscription, "notifications": request.params["notifications"]}})
        await stream.run()
    elif request.rpc == "ping":
        await answer(request, reply, result(request, {}))
    elif request.rpc == "tools/list":
        await answer(request, reply, result(request, {"tools": tools(), "ttlMs": 0, "cacheScope": "private"}))
    elif request.rpc == "tools/call" and request.params.get("name") in TOOLS:
        calls += 1
        await TOOLS[request.params["name"]](request, reply, request.params.get("arguments") or {})
    else:
        status = 404 if OPTIONS.era == "modern" else 200
        await reply.json(error(request, -32601, f"no method {request.rpc}"), status=status)


def modern_refusal(request):
    """The ladder of 2026-07-28, as far as a client can fail it."""
    meta = request.params.get("_meta") or {}
    version = meta.get("io.modelcontextprotocol/protocolVersion")
    if request.rpc in ("initialize", "ping"):
        return 404, error(request, -32601, "no such method")
    if not version or "io.modelcontextprotocol/clientCapabilities" not in meta:
        return 400, error(request, -32602, "the envelope is incomplete")
    fields = request.fields
    if fields.get("mcp-protocol-version") != version or fields.get("mcp-method") != request.rpc:
        return 400, error(request, -32020, "headers and body differ")
    if "mcp-session-id" in fields or "last-event-id" in fields:
        return 400, error(request, -32600, "there are no sessions")
    if version != MODERN:
        return 400, error(request, -32022, "no such version", {"supported": [MODERN], "requested": version})
    return None


class Stream:
    """A standing stream."""

    def __init__(self, reply):
        self.reply, self.queue, self.task = reply, asyncio.Queue(), asyncio.current_task()
        streams.append(self)

    def cancel(self):
        self.queue.put_nowait(None)

    async def run(self, life=None):
        await self.reply.begin()
        try:
            while True:
                message = await asyncio.wait_for(self.queue.get(), life)
                if message is None:
                    break
                await self.reply.event(message, id=f"e{next(counter)}" if OPTIONS.era == "legacy" else None)
        except asyncio.TimeoutError:
            pass
        finally:
            streams.remove(self)
        await self.reply.end()
        raise Close


async def get(request, reply):
    if OPTIONS.era == "old":
        stream = Stream(reply)
        stream.endpoint = OPTIONS.endpoint.replace("{}", str(next(numbers)))
        await reply.begin()
        await reply.event(stream.endpoint, name="endpoint")
        try:
            while (message := await stream.queue.get()) is not None:
                await reply.event(message, name="message")
        finally:
            streams.remove(stream)
        await reply.end()
        raise Close
    id = request.fields.get("mcp-session-id")
    if not OPTIONS.no_session and id not in sessions:
        return await reply.send(404, b"no such session", kind="text/plain")
    key = request.fields.get("last-event-id", "")
    if key in events or "-" in key:
        return await resume(request, reply)
    if OPTIONS.get != 200:
        return await reply.send(OPTIONS.get)
    stream = Stream(reply)
    if OPTIONS.ping:
        question = f"g{next(counter)}"
        waiting[question] = asyncio.get_running_loop().create_future()
        stream.queue.put_nowait({"jsonrpc": "2.0", "id": question, "method": "ping"})
    life, OPTIONS.get_life = OPTIONS.get_life, None
    await stream.run(life)


class Collect:
    """A reply that goes onto the event stream of 2024-11-05."""

    def __init__(self, stream):
        self.stream = stream

    async def json(self, message, status=200, fields=None):
        self.stream.queue.put_nowait(message)

    async def send(self, status, body=b"", fields=None, kind=""):
        pass


async def old(request, reply):
    if request.method != "POST" or not request.target.startswith("/messages"):
        return await reply.send(405)
    stream = next((stream for stream in streams if stream.endpoint == request.target), None)
    if stream is None:
        return await reply.send(404, b"Could not find session", kind="text/plain")
    if request.params.get("name") == "drop":
        stream.cancel()
    await reply.send(202, b"Accepted", kind="text/plain")
    asyncio.ensure_future(dispatch(request, Collect(stream)))


# MARK: Connections


async def read(reader, start):
    try:
        head = start + await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    fields = {}
    for line in lines[1:-2]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    return Request(method, target, fields, await reader.readexactly(int(fields.get("content-length", "0"))))


async def serve(reader, writer):
    start, request = b"", None
    try:
        while request := await read(reader, start):
            work = asyncio.ensure_future(handle(request, Reply(writer)))
            # A client that closes its connection while it waits for the answer; a byte begins the next request.
            next_byte = asyncio.ensure_future(reader.read(1))
            await asyncio.wait([work, next_byte], return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and not next_byte.result():
                note(event="left", rpc=request.rpc, name=request.params.get("name"))
                work.cancel()
                return
            await work
            start = await next_byte
            if not start:
                return
    except ConnectionError:
        note(event="left", rpc=request.rpc, name=request.params.get("name"))
    except (Close, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    for text in OPTIONS.on:
        method, _, rest = text.partition("=")
        method, _, first = method.partition("@")
        status, count, retry, kind, body = (rest.split(":", 4) + ["", "", "", ""])[:5]
        refusals[method] = {"first": int(first or 1), "status": int(status), "count": int(count or 0), "retry": retry,
                            "kind": kind or "text/plain", "body": body or "refused as told"}
    context = None
    if OPTIONS.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(OPTIONS.certificate)
    while True:
        try:
            server = await asyncio.start_server(serve, "127.0.0.1", OPTIONS.port, ssl=context, limit=1 << 26)
            break
        except OSError:
            # The port's owner is ended when it sees this.
            open(OPTIONS.ready + ".waiting", "w", encoding="utf-8").close()
            await asyncio.sleep(0.005)
    port = server.sockets[0].getsockname()[1]
    with open(OPTIONS.ready + ".new", "w", encoding="utf-8") as file:
        file.write(str(port))
    os.rename(OPTIONS.ready + ".new", OPTIONS.ready)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
