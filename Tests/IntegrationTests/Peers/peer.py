"""What both peers offer, whatever the SDK's generation calls its classes."""

import sys

import anyio


def add(a: int, b: int) -> dict[str, int]:
    """Adds two numbers. The result is structured."""
    return {"sum": a + b}


def echo(text: str) -> str:
    """Returns its text."""
    return text


def fail(text: str) -> str:
    """Raises."""
    raise ValueError(text)


def register(server, context_type):
    """Adds the tools, a resource and a prompt to a server of either generation."""

    async def slow(seconds: float, journal: str) -> str:
        """Waits; writes to the file journal how that ended."""
        try:
            note(journal, "started")
            await anyio.sleep(seconds)
        except anyio.get_cancelled_exc_class():
            note(journal, "cancelled")
            raise
        note(journal, "finished")
        return f"waited {seconds} s"

    async def steps(count: int, ctx: context_type) -> str:
        """Reports progress so many times."""
        for step in range(count):
            await ctx.report_progress(step + 1, count)
        return f"{count} steps"

    for tool in (add, echo, fail, slow, steps):
        server.tool()(tool)

    @server.resource("peer://greeting")
    def greeting() -> str:
        return "hello"

    @server.prompt()
    def review(topic: str) -> str:
        return f"Review {topic}."

    # Servers do write to stderr, and it must disturb nobody.
    print("peer is up", file=sys.stderr)


def note(path, event):
    with open(path, "a", encoding="utf-8") as file:
        print(event, file=file, flush=True)
