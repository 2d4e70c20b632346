"""MCP servers over HTTP by the official SDK, 1.x or 2.x, whichever the interpreter has. For UpstreamWorkerTests.

Arguments: a file for the ports, a file for what happens, and the ways of serving, each `name` or `name:port`. All are
served by one process, because starting the SDK takes long.
"""

import json
import os
import socket
import sys

import anyio
import uvicorn
from mcp.server.streamable_http import EventMessage, EventStore

try:
    from mcp.server.fastmcp import Context, FastMCP

    SDK = 1
except ImportError:
    from mcp.server.mcpserver import Context, MCPServer

    SDK = 2

READY, JOURNAL = sys.argv[1:3]


class Events(EventStore):
    """Keeps all events of all streams."""

    def __init__(self):
        self.events = []

    async def store_event(self, stream_id, message):
        self.events.append((stream_id, message))
        return str(len(self.events))

    async def replay_events_after(self, last_event_id, send_callback):
        stream_id = self.events[int(last_event_id) - 1][0]
        for number, (stream, message) in enumerate(self.events, 1):
            if number > int(last_event_id) and stream == stream_id and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream_id


# `retry_interval` is what clients are told to wait.
WAYS = {
    "stateful": {}, "sse": {}, "stateless": {"stateless_http": True}, "json": {"json_response": True},
    "resumable": {"event_store": Events(), "retry_interval": 100},
}


def note(event):
    with open(JOURNAL, "a", encoding="utf-8") as file:
        print(event, file=file, flush=True)


def application(way):
    options = WAYS[way]
    server = FastMCP("sdk-peer", **options) if SDK == 1 else MCPServer("sdk-peer")
    register(server, way)
    if way == "sse":
        return server.sse_app()
    return server.streamable_http_app() if SDK == 1 else server.streamable_http_app(**options)


def register(server, way):
    @server.tool()
    def add(a: int, b: int) -> int:
        note("add")
        return a + b

    @server.tool()
    async def slow(seconds: float) -> str:
        note(f"{way} started")
        try:
            await anyio.sleep(seconds)
        except anyio.get_cancelled_exc_class():
            note(f"{way} cancelled")
            raise
        return "slept"

    @server.tool()
    async def steps(count: int, ctx: Context) -> str:
        for step in range(count):
            await ctx.report_progress(step + 1, count)
        return f"{count} steps"

    @server.tool()
    async def grow(name: str, ctx: Context) -> str:
        server.add_tool(add, name=name)
        # 2.x has two ways to say so, one for each generation of the protocol.
        if SDK == 2:
            await ctx.notify_tools_changed()
        await ctx.session.send_tool_list_changed()
        return "grown"

    @server.tool()
    async def log(level: str, data: str, ctx: Context) -> str:
        await ctx.log(level, data)
        return "logged"

    @server.tool()
    async def touch(uri: str, ctx: Context) -> str:
        """Tells those who subscribed a resource that it has changed."""
        if SDK == 2:
            await ctx.notify_resource_updated(uri)
        if uri in subscribed:
            await ctx.session.send_resource_updated(uri)
        return "touched"

    subscribed = take_wishes(server, way)

    @server.tool()
    async def leave(ctx: Context) -> str:
        """Closes the answer's stream before it answers (SEP-1699)."""
        await ctx.close_sse_stream()
        await anyio.sleep(0.3)
        return "back"

    @server.resource("peer://greeting")
    def greeting() -> str:
        return "hello"

    @server.prompt()
    def review(topic: str) -> str:
        return f"Review {topic}."


async def listen(port):
    while True:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(128)
            return listener
        except OSError:
            # The port's owner is ended when it sees this.
            listener.close()
            open(READY + ".waiting", "w", encoding="utf-8").close()
            await anyio.sleep(0.005)


def take_wishes(server, way):
    """logging/setLevel and resources/subscribe. Returns the URIs that are subscribed, which change."""
    subscribed = set()

    def asked(what, value, change=None):
        note(f"{way} {what} {value}")
        if change:
            change(str(value))

    if SDK == 1:
        low = server._mcp_server

        @low.set_logging_level()
        async def set_level(level):
            asked("level", level)

        @low.subscribe_resource()
        async def subscribe(uri):
            asked("subscribe", uri, subscribed.add)

        @low.unsubscribe_resource()
        async def unsubscribe(uri):
            asked("unsubscribe", uri, subscribed.discard)

        return subscribed

    from mcp_types import EmptyResult, SetLevelRequestParams, SubscribeRequestParams, UnsubscribeRequestParams

    def take(method, kind, what, attribute, change=None):
        async def handle(context, params):
            asked(what, getattr(params, attribute), change)
            return EmptyResult()

        server._lowlevel_server.add_request_handler(method, kind, handle)

    take("logging/setLevel", SetLevelRequestParams, "level", "level")
    take("resources/subscribe", SubscribeRequestParams, "subscribe", "uri", subscribed.add)
    take("resources/unsubscribe", UnsubscribeRequestParams, "unsubscribe", "uri", subscribed.discard)
    return subscribed


async def main():
    ports = {}
    async with anyio.create_task_group() as tasks:
        for word in sys.argv[3:]:
            way, _, port = word.partition(":")
            listener = await listen(int(port or 0))
            ports[way] = listener.getsockname()[1]
            server = uvicorn.Server(uvicorn.Config(application(way), log_level="warning"))
            tasks.start_soon(server.serve, [listener])
        with open(READY + ".new", "w", encoding="utf-8") as file:
            json.dump(ports, file)
        os.rename(READY + ".new", READY)


anyio.run(main)
