"""Does the same with any MCP server, by the official SDK 1.x or 2.x, and prints what came as one JSON document.

    client.py MODE JOURNAL stdio COMMAND ARGUMENT...
    client.py MODE JOURNAL http URL

MODE is `legacy`, or with 2.x `auto` (the newest era, if the server has it). JOURNAL is the server's: it tells when the
slow tool runs.
"""

import asyncio
import contextlib
import importlib.metadata
import json
import sys
import time

from mcp import StdioServerParameters

MAJOR = int(importlib.metadata.version("mcp").split(".")[0])
MODE, JOURNAL, WAY, *TARGET = sys.argv[1:]
logs, messages = [], []


def plain(value):
    return value.model_dump(by_alias=True, mode="json", exclude_none=True) if hasattr(value, "model_dump") else value


async def on_log(params):
    logs.append(plain(params))


async def on_message(message):
    root = getattr(message, "root", message)
    method = getattr(root, "method", None)
    if method:
        messages.append({"method": method, "params": plain(getattr(root, "params", None)) or {}})


@contextlib.asynccontextmanager
async def connect():
    parameters = StdioServerParameters(command=TARGET[0], args=TARGET[1:]) if WAY == "stdio" else None
    if MAJOR == 1:
        from mcp import ClientSession
        from mcp.client.stdio import stdio_client
        from mcp.client.streamable_http import streamable_http_client

        opening = stdio_client(parameters) if parameters else streamable_http_client(TARGET[0])
        async with opening as streams:
            async with ClientSession(streams[0], streams[1], logging_callback=on_log,
                                     message_handler=on_message) as session:
                opened = await session.initialize()
                yield session, session, {
                    "version": opened.protocolVersion, "capabilities": plain(opened.capabilities),
                    "server": plain(opened.serverInfo), "instructions": opened.instructions,
                }
        return
    from mcp import Client

    async with Client(parameters or TARGET[0], mode=MODE, logging_callback=on_log, message_handler=on_message,
                      log_level="info", cache=None) as client:
        yield client, client.session, {
            "version": client.protocol_version, "capabilities": plain(client.server_capabilities),
            "server": plain(client.server_info), "instructions": client.instructions,
        }


def uri(text):
    if MAJOR == 1:
        from pydantic import AnyUrl

        return AnyUrl(text)
    return text


async def attempt(action):
    """What came of it, an error included."""
    try:
        return plain(await action)
    except Exception as problem:
        details = getattr(problem, "error", problem)
        if getattr(details, "code", None) is None:
            raise
        return {"error": details.code, "message": details.message, "data": details.data}


async def until(what, check, seconds=15):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            return f"no {what} within {seconds} s"
        await asyncio.sleep(0.02)
    return True


def journal():
    try:
        with open(JOURNAL, encoding="utf-8") as file:
            return file.read().split("\n")
    except FileNotFoundError:
        return []


async def scenario(client, session, facts):
    is_modern = facts["version"] >= "2026"
    seen = {"opening": facts}
    seen["tools"] = plain(await client.list_tools())
    seen["resources"] = plain(await client.list_resources())
    seen["templates"] = plain(await client.list_resource_templates())
    seen["prompts"] = plain(await client.list_prompts())
    for name in ("simple_text", "image_content", "audio_content", "embedded_resource", "multiple_content_types",
                 "error_handling"):
        seen[f"call {name}"] = await attempt(client.call_tool(f"test_{name}", {}))
    seen["call structured"] = await attempt(client.call_tool("structured", {"number": 1.5}))
    seen["call with bad arguments"] = await attempt(client.call_tool("structured", {"number": "x"}))
    seen["call of an unknown tool"] = await attempt(client.call_tool("no_such_tool", {}))
    for name in ("static-text", "static-binary", "template/7/data", "no-such"):
        seen[f"read {name}"] = await attempt(client.read_resource(uri(f"test://{name}")))
    seen["prompt"] = await attempt(client.get_prompt("test_simple_prompt"))
    arguments = {"arg1": "a", "arg2": "ö"}
    seen["prompt with arguments"] = await attempt(client.get_prompt("test_prompt_with_arguments", arguments))
    seen["prompt with resource"] = await attempt(
        client.get_prompt("test_prompt_with_embedded_resource", {"resourceUri": "test://static-text"}))
    seen["prompt with image"] = await attempt(client.get_prompt("test_prompt_with_image"))
    seen["unknown prompt"] = await attempt(client.get_prompt("no_such_prompt"))

    progress = []

    async def on_progress(done, total, message):
        progress.append([done, total, message])

    seen["call with progress"] = await attempt(
        client.call_tool("test_tool_with_progress", {}, progress_callback=on_progress))
    seen["progress"] = progress

    if MAJOR == 1:
        from mcp.types import PromptReference, ResourceTemplateReference
    else:
        from mcp_types import PromptReference, ResourceTemplateReference
    prompt = PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
    seen["completion"] = await attempt(client.complete(prompt, {"name": "arg2", "value": "v"}, {"arg1": "known"}))
    resource = ResourceTemplateReference(type="ref/resource", uri="test://template/{id}/data")
    seen["completion of a template"] = await attempt(client.complete(resource, {"name": "id", "value": "7"}))

    if not is_modern:
        seen["level"] = await attempt(client.set_logging_level("info"))
    seen["call with logging"] = await attempt(client.call_tool("test_tool_with_logging", {}))
    seen["logs complete"] = await until("logs", lambda: len(logs) >= 3)
    seen["logs"] = list(logs)

    seen["cancel"] = await cancel(client, session)
    seen["changes"] = await (modern_changes(client) if is_modern else legacy_changes(client))
    return seen


async def cancel(client, session):
    """A call that its client gives up, in the way of each SDK."""
    task = asyncio.create_task(client.call_tool("slow", {"seconds": 30}))
    began = await until("start", lambda: "started" in journal())
    if MAJOR == 1:
        # This generation leaves it to the caller to say so.
        from mcp.types import CancelledNotification, CancelledNotificationParams, ClientNotification

        params = CancelledNotificationParams(requestId=session._request_id - 1, reason="enough")
        await session.send_notification(
            ClientNotification(CancelledNotification(method="notifications/cancelled", params=params)))
        await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(BaseException):
        await task
    return [began, await until("cancellation", lambda: "cancelled" in journal())]


async def modern_changes(client):
    watched, events = "test://watched-resource", []
    async with client.listen(tools_list_changed=True, resource_subscriptions=[watched]) as subscription:
        async def collect():
            async for event in subscription:
                events.append([type(event).__name__, str(getattr(event, "uri", ""))])

        task = asyncio.create_task(collect())
        await attempt(client.call_tool("touch_watched_resource", {}))
        updated = await until("update", lambda: ["ResourceUpdated", watched] in events)
        await attempt(client.call_tool("test_trigger_tool_change", {}))
        changed = await until("change", lambda: any(event[0] == "ToolsListChanged" for event in events))
        task.cancel()
    tools = [tool.name for tool in (await client.list_tools()).tools]
    return {"updated": updated, "changed": changed, "grown": "grown" in tools}


async def legacy_changes(client):
    watched = "test://watched-resource"
    subscribed = await attempt(client.subscribe_resource(uri(watched)))
    await attempt(client.call_tool("touch_watched_resource", {}))

    def has_update():
        return any(message["method"] == "notifications/resources/updated"
                   and message["params"].get("uri") == watched for message in messages)

    updated = await until("update", has_update)
    unsubscribed = await attempt(client.unsubscribe_resource(uri(watched)))
    messages.clear()
    await attempt(client.call_tool("test_trigger_tool_change", {}))
    changed = await until(
        "change", lambda: any(message["method"] == "notifications/tools/list_changed" for message in messages))
    tools = [tool.name for tool in (await client.list_tools()).tools]
    return {"subscribed": subscribed, "updated": updated, "unsubscribed": unsubscribed, "changed": changed,
            "grown": "grown" in tools}


async def main():
    async with connect() as (client, session, facts):
        print(json.dumps(await scenario(client, session, facts)), flush=True)


asyncio.run(main())
