#!/usr/bin/env python3
"""Replaces the daemon again and again in the middle of calls, and counts what came of them.

A stateful server and a client, both of the official SDK, with warmplane between them; beside them a client of /v1 that asks
with idempotency keys. In each round a call of each is under way while the daemon is killed (`kill -9`) or gives way to a
program that was installed anew (`warmplane upgrade`). Each call must end with the right answer, the counter must go on by
one, and the server must stay the same process. Prints one line per ten rounds and a summary; ends with 1 when anything was
wrong. To be run by the interpreter of a virtual environment with `mcp`, as `make soak` does.
"""

import argparse
import asyncio
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ["warmplane", "warmplaned", "warmplane-worker", "warmplane-exec"]

SERVER = '''
import os, sys, time
from mcp.server.fastmcp import FastMCP
server, count = FastMCP("counter"), 0
@server.tool()
async def slow(seconds: float) -> str:
    global count
    import asyncio
    await asyncio.sleep(seconds)
    count += 1
    return f"{count} {os.getpid()}"
server.run()
'''


class World:
    """One daemon after the other on one configuration, in a directory of its own."""

    def __init__(self, programs, directory):
        self.directory, self.source = directory, programs
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.install()
        (directory / "server.py").write_text(SERVER)
        self.config = directory / "mcp_servers.json"
        self.config.write_text(json.dumps({
            "port": 0, "toolTimeoutMs": 60000, "daemon": {"workerOrphanSeconds": 60},
            "mcpServers": {name: {"command": sys.executable, "args": [str(directory / "server.py")]}
                           for name in ("counter", "other")},
        }))
        (directory / "run").mkdir(mode=0o700)
        self.environment = {
            **os.environ, "XDG_RUNTIME_DIR": str(directory / "run"), "XDG_STATE_HOME": str(directory / "state"),
        }
        self.log = open(directory / "daemon.log", "wb")
        self.process = None
        self.port = None

    def install(self):
        """Puts new files in the place of the programs, as an installation does."""
        for name in PROGRAMS:
            shutil.copy2(self.source / name, self.bin / f".{name}")
            os.replace(self.bin / f".{name}", self.bin / name)

    def start(self):
        self.process = subprocess.Popen(
            [self.bin / "warmplane", "daemon", "--config", self.config, "--port", str(self.port or 0)],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        began = time.monotonic()
        status = self.wait(lambda status: True)
        self.port = int(status["daemon"]["http"].rpartition(":")[2])
        return time.monotonic() - began

    def command(self, *arguments):
        return subprocess.run([self.bin / "warmplane", *arguments, "--config", self.config], env=self.environment,
                              timeout=60, capture_output=True, text=True)

    def status(self):
        output = self.command("status", "--json").stdout
        return json.loads(output) if output else None

    def wait(self, accepts, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.status()
            if status and accepts(status):
                return status
            time.sleep(0.02)
        raise RuntimeError("the daemon is not as it should be: " + (self.directory / "daemon.log").read_text()[-2000:])

    def ask(self, key, seconds):
        """A call over HTTP, asked again until it has an outcome."""
        body = json.dumps({"capability_id": "counter.slow", "args": {"seconds": seconds}, "idempotency_key": key})
        deadline = time.monotonic() + 60
        while True:
            try:
                request = urllib.request.Request(
                    f"http://127.0.0.1:{self.port}/v1/tools/call", body.encode(), {"content-type": "application/json"})
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.loads(answer.read())["data"]["content"][0]["text"]
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def end(self):
        # Whichever daemon there is: after a failure the bridge may have started one of its own.
        self.command("stop")
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self.log.close()


async def rounds(world, options):
    world.start()
    world.wait(lambda status: all(worker["state"] == "ready" for worker in status["workers"]))
    parameters = StdioServerParameters(
        command=str(world.bin / "warmplane"), args=["mcp-server", "--config", str(world.config), "--server", "counter",
                                                    "--exposure", "direct"], env=world.environment)
    wrong, expected, pid, gaps = [], 0, None, []
    async with stdio_client(parameters) as streams, ClientSession(*streams) as client:
        await client.initialize()
        for number in range(1, options.rounds + 1):
            kind = options.kind if options.kind != "both" else ("kill", "upgrade")[number % 2]
            call = asyncio.create_task(client.call_tool("slow", {"seconds": options.seconds}))
            keyed = asyncio.create_task(asyncio.to_thread(world.ask, f"round-{number}", options.seconds))
            world_has_both = lambda status: next(
                worker for worker in status["workers"] if worker["server"] == "counter")["in_flight"] == 2
            await asyncio.to_thread(world.wait, world_has_both)
            if kind == "upgrade":
                world.install()
                upgraded = await asyncio.to_thread(world.command, "upgrade")
                if upgraded.returncode != 0:
                    wrong.append(f"round {number}: upgrade: {upgraded.stderr.strip()}")
            else:
                if options.with_worker:
                    status = world.status()
                    other = next(worker for worker in status["workers"] if worker["server"] == "other")
                    # Killed so often it is in a crash loop, and has none for a while.
                    if other["worker_pid"]:
                        os.kill(other["worker_pid"], signal.SIGKILL)
                world.process.kill()
                world.process.wait()
                world.start()
                began = time.monotonic()
                listed = await asyncio.to_thread(world.command, "describe-capability", "counter.slow")
                gaps.append(time.monotonic() - began)
                if listed.returncode != 0:
                    wrong.append(f"round {number}: {listed.stdout}{listed.stderr}")
            answers = [(await call).content[0].text, await keyed]
            counts = sorted(int(answer.split()[0]) for answer in answers)
            if counts != [expected + 1, expected + 2]:
                wrong.append(f"round {number}: counted {counts} behind {expected}")
            expected = counts[-1]
            pids = {answer.split()[1] for answer in answers} | ({pid} if pid else set())
            if len(pids) != 1:
                wrong.append(f"round {number}: processes {pids}")
            pid = pids.pop()
            if number % 10 == 0 or number == options.rounds:
                print(f"{number} rounds, counter at {expected}, process {pid}, {len(wrong)} wrong", flush=True)
    return wrong, gaps


def main():
    parser = argparse.ArgumentParser(prog="scripts/soak_handover.py", description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / ".build" / "release")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each call takes (default: 1)")
    parser.add_argument("--kind", choices=["kill", "upgrade", "both"], default="upgrade")
    parser.add_argument("--with-worker", action="store_true", help="with kill: another server's worker, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wp-soak-") as directory:
        world = World(options.programs, pathlib.Path(directory))
        try:
            wrong, gaps = asyncio.run(rounds(world, options))
        finally:
            world.end()
    for line in wrong[:20]:
        print(line)
    if gaps:
        print(f"first command of the next daemon: median {statistics.median(gaps) * 1000:.0f} ms, "
              f"longest {max(gaps) * 1000:.0f} ms")
    print(f"{options.rounds} rounds of {options.kind}: {'all right' if not wrong else f'{len(wrong)} wrong'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
