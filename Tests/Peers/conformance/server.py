"""A server with the fixtures of the public MCP conformance suite that need nothing of the client, by the official SDK 1.x or 2.x.

    server.py stdio JOURNAL
    server.py http JOURNAL READY     # streamable HTTP on a free port, which goes to the file READY

JOURNAL gets a line when the tool slow starts, and when it is cancelled or done.
"""

import base64
import os
import socket
import sys

import anyio

try:
    from mcp.server.fastmcp import Context, FastMCP, Image
    from mcp.server.fastmcp.prompts.base import UserMessage
    from mcp.types import AudioContent, Completion, EmbeddedResource, ImageContent, TextContent, TextResourceContents

    server, SDK = FastMCP("conformance", instructions="Fixtures of the conformance suite."), 1
except ImportError:
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.mcpserver.prompts.base import UserMessage
    from mcp_types import AudioContent, Completion, EmbeddedResource, ImageContent, TextContent, TextResourceContents

    server, SDK = MCPServer("conformance", version="2", instructions="Fixtures of the conformance suite."), 2

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(16)).decode()
WAV = base64.b64encode(b"RIFF" + bytes(16)).decode()
JOURNAL = sys.argv[2]
subscribed = set()


def note(event):
    with open(JOURNAL, "a", encoding="utf-8") as file:
        print(event, file=file, flush=True)


def image():
    return ImageContent(type="image", data=PNG, **{"mimeType": "image/png"})


def embedded(uri="test://embedded"):
    resource = TextResourceContents(uri=uri, text="embedded text", **{"mimeType": "text/plain"})
    return EmbeddedResource(type="resource", resource=resource)


@server.tool()
def test_simple_text():
    """Answers with a text."""
    return [TextContent(type="text", text="This is a simple text response for testing.")]


@server.tool()
def test_image_content():
    """Answers with an image."""
    return [image()]


@server.tool()
def test_audio_content():
    """Answers with a sound."""
    return [AudioContent(type="audio", data=WAV, **{"mimeType": "audio/wav"})]


@server.tool()
def test_embedded_resource():
    """Answers with a resource."""
    return [embedded()]


@server.tool()
def test_multiple_content_types():
    """Answers with several kinds of content."""
    return [TextContent(type="text", text="several"), image(), embedded()]


@server.tool()
def test_error_handling() -> str:
    """Always fails."""
    raise ValueError("This tool intentionally returns an error for testing")


@server.tool()
def structured(number: float) -> dict[str, float]:
    """Answers with structured content."""
    return {"number": number, "big": 9007199254740993}


@server.tool()
async def test_tool_with_progress(ctx: Context) -> str:
    """Reports progress three times."""
    for step in (0, 50, 100):
        await ctx.report_progress(step, 100, f"step {step}")
    return "done"


@server.tool()
async def test_tool_with_logging(ctx: Context) -> str:
    """Logs three messages."""
    for text in ("started", "works", "done"):
        await ctx.info(text)
    return "logged"


@server.tool()
async def slow(seconds: float) -> str:
    """Waits."""
    note("started")
    try:
        await anyio.sleep(seconds)
    except anyio.get_cancelled_exc_class():
        note("cancelled")
        raise
    note("finished")
    return "waited"


@server.tool()
async def test_trigger_tool_change(ctx: Context) -> str:
    """Adds a tool and says so."""
    server.add_tool(grown, name="grown")
    if SDK == 2:
        await ctx.notify_tools_changed()
    await ctx.session.send_tool_list_changed()
    return "changed"


def grown() -> str:
    """Was not there before."""
    return "grown"


@server.tool()
async def touch_watched_resource(ctx: Context) -> str:
    """Tells those who subscribed the watched resource that it changed."""
    uri = "test://watched-resource"
    if SDK == 2:
        await ctx.notify_resource_updated(uri)
    if uri in subscribed:
        await ctx.session.send_resource_updated(uri)
    return "touched"


@server.resource("test://static-text", name="static-text", mime_type="text/plain")
def static_text() -> str:
    return "This is the content of the static text resource."


@server.resource("test://static-binary", name="static-binary", mime_type="image/png")
def static_binary() -> bytes:
    return base64.b64decode(PNG)


@server.resource("test://watched-resource", name="watched-resource", mime_type="text/plain")
def watched() -> str:
    return "watched"


@server.resource("test://template/{id}/data", name="template", mime_type="application/json")
def template(id: str) -> str:
    return f'{{"id":"{id}"}}'


@server.prompt()
def test_simple_prompt() -> str:
    return "This is a simple prompt for testing."


@server.prompt()
def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    return f"Prompt with arguments: arg1={arg1!r}, arg2={arg2!r}"


@server.prompt()
def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:
    return [UserMessage(content=embedded(resourceUri)), UserMessage(content="Look at it.")]


@server.prompt()
def test_prompt_with_image() -> list[UserMessage]:
    return [UserMessage(content=image())]


@server.completion()
async def complete(ref, argument, context):
    known = getattr(context, "arguments", None) or {}
    values = [f"{argument.value}-{kind}" for kind in ("one", "two")] + sorted(known.values())
    return Completion(values=values, total=len(values), **({"hasMore": False} if SDK == 1 else {"has_more": False}))


def take_wishes():
    """Subscriptions and log levels of the older era, which the SDK's high-level servers leave to others."""
    if SDK == 1:
        low = server._mcp_server

        @low.set_logging_level()
        async def set_level(level):
            note(f"level {level}")

        @low.subscribe_resource()
        async def subscribe(uri):
            subscribed.add(str(uri))

        @low.unsubscribe_resource()
        async def unsubscribe(uri):
            subscribed.discard(str(uri))

        return
    from mcp_types import EmptyResult, SetLevelRequestParams, SubscribeRequestParams, UnsubscribeRequestParams

    def take(method, kind, action):
        async def handle(context, params):
            action(params)
            return EmptyResult()

        server._lowlevel_server.add_request_handler(method, kind, handle)

    take("logging/setLevel", SetLevelRequestParams, lambda params: note(f"level {params.level}"))
    take("resources/subscribe", SubscribeRequestParams, lambda params: subscribed.add(str(params.uri)))
    take("resources/unsubscribe", UnsubscribeRequestParams, lambda params: subscribed.discard(str(params.uri)))


def main():
    take_wishes()
    if sys.argv[1] == "stdio":
        server.run()
        return
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    with open(sys.argv[3] + ".new", "w", encoding="utf-8") as file:
        print(listener.getsockname()[1], file=file)
    os.rename(sys.argv[3] + ".new", sys.argv[3])
    uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="error")).run(sockets=[listener])


main()
