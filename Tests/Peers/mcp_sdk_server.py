"""An MCP server by the official SDK, 1.x or 2.x, whichever the interpreter has, with everything that a session may use.

    mcp_sdk_server.py stdio
    mcp_sdk_server.py http READY

Over HTTP it takes a free port and writes it into READY. Both generations of a server offer the same.
"""

import os
import socket
import sys

import anyio

try:
    from mcp.server.fastmcp import Context, FastMCP as Server

    SDK = 1
except ImportError:
    from mcp.server.mcpserver import Context, MCPServer as Server

    SDK = 2
if SDK == 1:
    from mcp.types import Completion
else:
    from mcp_types import Completion, EmptyResult, SetLevelRequestParams, SubscribeRequestParams, UnsubscribeRequestParams

server = Server("peer", instructions="Ask kindly.")
subscribed = set()


@server.tool()
def add(a: int, b: int) -> dict[str, int]:
    """Adds two numbers. The result is structured."""
    return {"sum": a + b}


@server.tool()
def fail(text: str) -> str:
    raise ValueError(text)


@server.tool()
async def steps(count: int, ctx: Context) -> str:
    for step in range(count):
        await ctx.report_progress(step + 1, count, f"step {step + 1}")
    return f"{count} steps"


@server.tool()
async def log(level: str, data: str, ctx: Context) -> str:
    await ctx.log(level, data, logger_name="disk")
    return "logged"


@server.tool()
async def slow(journal: str) -> str:
    """Waits, and writes to the file how that ended."""
    try:
        note(journal, "started")
        await anyio.sleep(600)
    except anyio.get_cancelled_exc_class():
        note(journal, "cancelled")
        raise
    return "slept"


@server.tool()
async def grow(name: str, ctx: Context) -> str:
    """Adds a tool, and tells so in the ways of both generations."""
    server.add_tool(add, name=name)
    if SDK == 2:
        await ctx.notify_tools_changed()
    await ctx.session.send_tool_list_changed()
    return "grown"


@server.tool()
async def touch(uri: str, ctx: Context) -> str:
    """Tells that a resource has changed."""
    if SDK == 2:
        await ctx.notify_resource_updated(uri)
    if uri in subscribed:
        await ctx.session.send_resource_updated(uri)
    return "touched"


@server.resource("peer://greeting", title="A greeting")
def greeting() -> str:
    return "hello"


@server.resource("peer://item/{number}")
def item(number: str) -> str:
    return f"item {number}"


@server.prompt()
def review(topic: str) -> str:
    return f"Review {topic}."


@server.completion()
async def complete(ref, argument, context):
    known = getattr(context, "arguments", None) or {}
    return Completion(values=[f"{argument.value}{ending}" for ending in ("a", "b")] + sorted(known.values()))


def note(path, event):
    with open(path, "a", encoding="utf-8") as file:
        print(event, file=file, flush=True)


def take_wishes():
    """logging/setLevel, resources/subscribe and unsubscribe."""
    if SDK == 1:
        low = server._mcp_server

        @low.set_logging_level()
        async def set_level(level):
            pass

        @low.subscribe_resource()
        async def subscribe(uri):
            subscribed.add(str(uri))

        @low.unsubscribe_resource()
        async def unsubscribe(uri):
            subscribed.discard(str(uri))

        # The SDK announces false for both, whatever a server does.
        announce = low.get_capabilities

        def capabilities(options, experimental):
            found = announce(options, experimental)
            found.resources.subscribe = True
            found.tools.listChanged = True
            return found

        low.get_capabilities = capabilities
        return

    def take(method, kind, action):
        async def handle(context, params):
            action(params)
            return EmptyResult()

        server._lowlevel_server.add_request_handler(method, kind, handle)

    take("logging/setLevel", SetLevelRequestParams, lambda params: None)
    take("resources/subscribe", SubscribeRequestParams, lambda params: subscribed.add(str(params.uri)))
    take("resources/unsubscribe", UnsubscribeRequestParams, lambda params: subscribed.discard(str(params.uri)))


async def serve_http(ready):
    import uvicorn

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    with open(ready + ".new", "w", encoding="utf-8") as file:
        print(listener.getsockname()[1], file=file)
    os.rename(ready + ".new", ready)
    await uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="warning")).serve([listener])


take_wishes()
if sys.argv[1] == "stdio":
    server.run()
else:
    anyio.run(serve_http, sys.argv[2])
