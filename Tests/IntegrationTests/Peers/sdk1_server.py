"""An MCP server on stdio by the official SDK 1.x (FastMCP)."""

from mcp.server.fastmcp import Context, FastMCP

import peer

server = FastMCP("sdk1-peer")
peer.register(server, Context)


@server.tool()
async def grow(ctx: Context) -> str:
    """Adds the tool grown and tells the client."""
    server.add_tool(peer.add, name="grown")
    await ctx.session.send_tool_list_changed()
    return "grown"


if __name__ == "__main__":
    server.run()
