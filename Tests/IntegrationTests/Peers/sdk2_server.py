"""An MCP server on stdio by the official SDK 2.x (MCPServer)."""

from mcp.server.mcpserver import Context, MCPServer

import peer

server = MCPServer("sdk2-peer")
peer.register(server, Context)


@server.tool()
async def grow(ctx: Context) -> str:
    """Adds the tool grown and tells subscribers."""
    server.add_tool(peer.add, name="grown")
    await ctx.notify_tools_changed()
    return "grown"


if __name__ == "__main__":
    server.run()
