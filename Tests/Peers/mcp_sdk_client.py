"""A client made of the official MCP SDK (1.x or 2.x) that does as it is told.

    mcp_sdk_client.py MODE COMMAND ARGUMENT...

    mcp_sdk_client.py MODE http://…

MODE is `legacy` or `auto` (2.x only: probes for the newest era first); with a URL also `sse` (1.x only: revision
2024-11-05). The SDK starts COMMAND and gives it HOME, LOGNAME, PATH, SHELL, TERM and USER only; a URL it speaks to over
HTTP. Prints {"connected": {...}}; then, for each line {"do": NAME, "with": {...}} on standard
input, {"result": ...} or {"error": {"code", "message", "data"}}. With "progress": true in the line it prints
{"progress": NUMBER} as often as it hears of it. Ends with standard input.
"""

import contextlib
import importlib.metadata
import json
import sys

import anyio
from mcp import StdioServerParameters

MAJOR = int(importlib.metadata.version("mcp").split(".")[0])


@contextlib.asynccontextmanager
async def connect(mode, parameters):
    """The session and what it knows of its server."""
    if MAJOR == 1:
        from mcp import ClientSession
        from mcp.client.stdio import stdio_client

        if not isinstance(parameters, str):
            transport = stdio_client(parameters)
        elif mode == "sse":
            from mcp.client.sse import sse_client

            transport = sse_client(parameters)
        else:
            from mcp.client.streamable_http import streamable_http_client

            transport = streamable_http_client(parameters)
        async with transport as (reading, writing, *_), ClientSession(reading, writing) as session:
            result = await session.initialize()
            yield session, {
                "version": result.protocolVersion,
                "server": plain(result.serverInfo),
                "instructions": result.instructions,
                "capabilities": plain(result.capabilities),
            }
    else:
        from mcp import Client

        async with Client(parameters, mode=mode) as client:
            yield client, {
                "version": client.protocol_version,
                "server": plain(client.server_info),
                "instructions": client.instructions,
                "capabilities": plain(client.server_capabilities),
            }


def plain(value):
    return value.model_dump(by_alias=True, mode="json", exclude_none=True) if value is not None else None


async def perform(session, step):
    name, arguments = step["do"], step.get("with", {})
    if name == "read_resource" and MAJOR == 1:
        from pydantic import AnyUrl

        arguments = {"uri": AnyUrl(arguments["uri"])}
    if step.get("progress"):
        arguments = {**arguments, "progress_callback": on_progress}
    return plain(await getattr(session, name)(**arguments))


async def on_progress(progress, total, message):
    print(json.dumps({"progress": round(progress)}), flush=True)


def error(exception):
    details = getattr(exception, "error", exception)
    code = getattr(details, "code", None)
    if code is None:
        raise exception
    return {"code": code, "message": details.message, "data": details.data}


async def main():
    # Errors of the SDK on its way down must be seen, and its server's standard error too.
    is_url = sys.argv[2].startswith("http")
    parameters = sys.argv[2] if is_url else StdioServerParameters(command=sys.argv[2], args=sys.argv[3:])
    async with connect(sys.argv[1], parameters) as (session, facts):
        print(json.dumps({"connected": facts}), flush=True)
        while line := await anyio.to_thread.run_sync(sys.stdin.readline):
            try:
                answer = {"result": await perform(session, json.loads(line))}
            except Exception as exception:
                answer = {"error": error(exception)}
            print(json.dumps(answer), flush=True)


anyio.run(main)
