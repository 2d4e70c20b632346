"""Walks through everything that a session with mcp_sdk_server.py may use, as a client of the official SDK, 1.x or 2.x.

    mcp_sdk_walk.py MODE JOURNALS < WALKS

MODE is `legacy` or `auto` (2.x only: the newest era first). JOURNALS is the beginning of names of files that do not exist.
One walk per line: [NAMES, "stdio", COMMAND, ARGUMENT...] or [NAMES, "http", URL]. NAMES says under which names the server
is seen: `own`, or `full:<server>` and `compact:<server>` behind warmplane. Prints one object per walk: what was seen, in the
server's own names, so that what a gateway shows can be compared with what the server shows.
"""

import contextlib
import importlib.metadata
import json
import os
import sys
import urllib.parse
import uuid

import anyio
from mcp import StdioServerParameters

MAJOR = int(importlib.metadata.version("mcp").split(".")[0])
if MAJOR == 1:
    from mcp import types
    from pydantic import AnyUrl
else:
    import mcp_types as types
MODE = sys.argv[1]
heard = []  # (what, detail), in order


# Names.

def tool_name(name):
    return f"{SERVER}__{name}" if EXPOSURE == "full" else name


def prompt_name(name):
    return f"{SERVER}__{name}" if EXPOSURE == "full" else name


def uri_name(uri):
    return f"warmplane://{SERVER}/{urllib.parse.quote(uri, safe='')}" if EXPOSURE == "full" else uri


def own_name(text):
    """The server's own name or URI."""
    prefix = f"warmplane://{SERVER}/"
    if EXPOSURE == "full" and text.startswith(prefix):
        return urllib.parse.unquote(text.removeprefix(prefix))
    return text.removeprefix(f"{SERVER}__") if EXPOSURE == "full" else text


def own_logger(logger):
    return logger.removeprefix(f"{SERVER}.") if EXPOSURE != "own" and logger else logger


# Hearing.

async def on_log(params):
    heard.append(("log", {"level": params.level, "data": params.data, "logger": own_logger(params.logger)}))


async def on_message(message):
    inner = getattr(message, "root", message)
    name = type(inner).__name__
    if name == "ToolListChangedNotification":
        heard.append(("tools", None))
    elif name == "ResourceUpdatedNotification":
        heard.append(("updated", own_name(str(inner.params.uri))))


async def eventually(condition, seconds=20):
    with anyio.fail_after(seconds):
        while not condition():
            await anyio.sleep(0.02)


@contextlib.asynccontextmanager
async def connect():
    if MAJOR == 1:
        from mcp import ClientSession
        from mcp.client.stdio import stdio_client
        from mcp.client.streamable_http import streamablehttp_client

        ends = (
            stdio_client(StdioServerParameters(command=TARGET[0], args=TARGET[1:]))
            if TRANSPORT == "stdio" else streamablehttp_client(TARGET[0]))
        async with ends as (reading, writing, *_), ClientSession(
            reading, writing, logging_callback=on_log, message_handler=on_message
        ) as session:
            result = await session.initialize()
            yield session, result.protocolVersion, result.instructions
    else:
        from mcp import Client

        target = (
            StdioServerParameters(command=TARGET[0], args=TARGET[1:]) if TRANSPORT == "stdio" else TARGET[0])
        modern = {"log_level": "info"} if MODE == "auto" else {}
        async with Client(
            target, mode=MODE, logging_callback=on_log, message_handler=on_message, **modern
        ) as client:
            yield client, client.protocol_version, client.instructions


def plain(value):
    return value.model_dump(by_alias=True, mode="json", exclude_none=True)


class Walk:
    def __init__(self, session, version):
        self.session = session
        self.isModern = version >= "2026"
        self.facts = {"version": version}

    async def call(self, name, arguments, **more):
        if EXPOSURE != "compact":
            return plain(await self.session.call_tool(tool_name(name), arguments, **more))
        result = await self.session.call_tool(
            "capability_call", {"capability_id": f"{SERVER}.{name}", "args": arguments}, **more)
        envelope = json.loads(result.content[0].text)
        return envelope["data"] if envelope["ok"] else {"isError": True, "content": []}

    async def tools(self):
        if EXPOSURE == "compact":
            result = await self.session.call_tool("capabilities_list", {})
            names = [one["id"].removeprefix(f"{SERVER}.") for one in json.loads(result.content[0].text)["capabilities"]]
        else:
            names = [own_name(tool.name) for tool in (await self.session.list_tools()).tools]
        return sorted(name for name in names if not name.startswith("grown"))

    async def read(self, uri):
        text = uri_name(uri)
        result = plain(await self.session.read_resource(AnyUrl(text) if MAJOR == 1 else text))
        return [[own_name(one["uri"]), one.get("text")] for one in result["contents"]]

    async def complete(self, ref, name, context=None):
        kind = types.PromptReference if ref["type"] == "ref/prompt" else types.ResourceTemplateReference
        result = plain(await self.session.complete(kind(**ref), {"name": name, "value": "x"}, context))
        return result["completion"]["values"]

    async def ask(self):
        facts, session = self.facts, self.session
        facts["tools"] = await self.tools()
        facts["resources"] = [own_name(one["uri"]) for one in plain(await session.list_resources())["resources"]]
        facts["templates"] = [
            one["uriTemplate"] for one in plain(await session.list_resource_templates())["resourceTemplates"]]
        facts["prompts"] = [own_name(one["name"]) for one in plain(await session.list_prompts())["prompts"]]
        sum_ = await self.call("add", {"a": 1, "b": 2})
        facts["add"] = [sum_.get("structuredContent"), sum_["content"][0]["text"]]
        failed = await self.call("fail", {"text": "no luck"})
        facts["fail"] = [failed["isError"], [one.get("text") for one in failed["content"]]]
        facts["read"] = await self.read("peer://greeting")
        facts["readTemplate"] = await self.read("peer://item/7")
        prompt = plain(await session.get_prompt(prompt_name("review"), {"topic": "trains"}))
        facts["prompt"] = prompt["messages"]
        facts["completion"] = await self.complete(
            {"type": "ref/prompt", "name": prompt_name("review")}, "topic", {"other": "z"})
        facts["templateCompletion"] = await self.complete(
            {"type": "ref/resource", "uri": "peer://item/{number}"}, "number")

    async def hear(self):
        progress = []

        async def on_progress(done, total, message):
            progress.append([done, total, message])

        await self.call("steps", {"count": 3}, progress_callback=on_progress)
        self.facts["progress"] = progress
        if not self.isModern:
            await self.session.set_logging_level("info")
        await self.call("log", {"level": "warning", "data": "hot"})
        await eventually(lambda: any(what == "log" for what, _ in heard))
        self.facts["log"] = [detail for what, detail in heard if what == "log"]

    async def subscribe(self):
        uri = uri_name("peer://greeting")
        if self.isModern:
            async with self.session.listen(
                tools_list_changed=EXPOSURE != "compact", resource_subscriptions=[uri]
            ) as stream, anyio.create_task_group() as tasks:
                tasks.start_soon(self.listen, stream)
                await self.change()
                tasks.cancel_scope.cancel()
        else:
            await self.session.subscribe_resource(AnyUrl(uri) if MAJOR == 1 else uri)
            await self.change()
            await self.session.unsubscribe_resource(AnyUrl(uri) if MAJOR == 1 else uri)

    async def listen(self, stream):
        async for event in stream:
            if type(event).__name__ == "ToolsListChanged":
                heard.append(("tools", None))
            elif type(event).__name__ == "ResourceUpdated":
                heard.append(("updated", own_name(str(event.uri))))

    async def change(self):
        # Until the wish has reached the server a change is nobody's.
        with anyio.fail_after(20):
            while not any(what == "updated" for what, _ in heard):
                await self.call("touch", {"uri": "peer://greeting"})
                await anyio.sleep(0.1)
        self.facts["updated"] = next(detail for what, detail in heard if what == "updated")
        await self.call("grow", {"name": f"grown{uuid.uuid4().hex[:8]}"})
        if EXPOSURE != "compact":
            await eventually(lambda: ("tools", None) in heard)

    async def cancel(self):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.call, "slow", {"journal": JOURNAL})
            await eventually(lambda: os.path.exists(JOURNAL))
            if MAJOR == 1:
                # This generation of the SDK tells nobody by itself.
                await self.session.send_notification(
                    types.ClientNotification(
                        types.CancelledNotification(
                            params=types.CancelledNotificationParams(requestId=self.session._request_id - 1))))
            tasks.cancel_scope.cancel()
        await eventually(lambda: "cancelled" in open(JOURNAL, encoding="utf-8").read())
        self.facts["cancelled"] = True


async def walk_once():
    facts = None
    try:
        async with connect() as (session, version, instructions):
            walk = Walk(session, version)
            if EXPOSURE == "own":
                walk.facts["instructions"] = instructions
            await walk.ask()
            await walk.hear()
            await walk.subscribe()
            await walk.cancel()
            facts = walk.facts
    except* (anyio.BrokenResourceError, anyio.ClosedResourceError):
        # The clients of SDK 1.x raise these when a message arrives while they close, as the answer to a cancelled call may.
        if facts is None:
            raise
    print(json.dumps(facts), flush=True)


for number, line in enumerate(sys.stdin):
    names, TRANSPORT, *TARGET = json.loads(line)
    EXPOSURE, _, SERVER = names.partition(":")
    JOURNAL = f"{sys.argv[2]}-{number}"
    heard.clear()
    anyio.run(walk_once)
