#!/usr/bin/env bash
# Builds, starts `warmplane mcp-server` on an empty configuration and talks to it as an MCP client does. One line that
# begins with "smoke test passed" and exit code 0, or the reason and another code. The daemon that it causes is ended.
#
#   scripts/smoke_mcp_server.sh                builds, and tests what was built
#   scripts/smoke_mcp_server.sh <directory>    tests the programs in it: of an installation, or of an unpacked archive
set -euo pipefail

if [[ -n ${1-} ]]; then
  bin=$(cd "$1" && pwd)
else
  cd "$(dirname "$0")/.."
  swift=${SWIFT:-swift}
  "$swift" build --product warmplane >&2
  "$swift" build --product warmplaned >&2
  bin=$("$swift" build --show-bin-path)
fi

exec python3 - "$bin/warmplane" <<'PYTHON'
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import time

TOOLS = [
    "capabilities_list", "capability_describe", "capability_call", "resources_list", "resource_read", "prompts_list",
    "prompt_get",
]
LIMIT = 20


def fail(text):
    sys.exit(f"smoke test failed: {text}")


class Client:
    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.rest, self.last_id = b"", 0

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def request(self, method, params=None):
        self.last_id += 1
        self.send({"id": self.last_id, "method": method, "params": params or {}})
        deadline = time.monotonic() + LIMIT
        while True:
            message = json.loads(self.line(deadline, method))
            if message.get("id") == self.last_id:
                break
        if "result" not in message:
            fail(f"{method} has no result: {message}")
        return message["result"]

    def line(self, deadline, method):
        while b"\n" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                fail(f"no answer to {method} within {LIMIT} s")
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                fail(f"mcp-server ended with {self.process.wait()} before its answer to {method}")
            self.rest += chunk
        line, self.rest = self.rest.split(b"\n", 1)
        return line


def check(client):
    opened = client.request("initialize", {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "smoke", "version": "1"},
    })
    client.send({"method": "notifications/initialized"})
    names = [tool["name"] for tool in client.request("tools/list")["tools"]]
    if names != TOOLS:
        fail(f"tools/list names {names}")
    for method, member in [("resources/list", "resources"), ("prompts/list", "prompts")]:
        if not isinstance(client.request(method).get(member), list):
            fail(f"{method} has no {member}")
    client.process.stdin.close()
    if code := client.process.wait(LIMIT):
        fail(f"mcp-server ended with {code}")
    return opened["serverInfo"]["version"]


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="wp-smoke-", dir="/tmp") as name:  # socket paths are limited
        directory = pathlib.Path(name)
        config = directory / "mcp_servers.json"
        config.write_text(json.dumps({"port": 0, "mcpServers": {}}))
        (directory / "run").mkdir(mode=0o700)
        environment = {
            **os.environ, "XDG_RUNTIME_DIR": str(directory / "run"), "XDG_STATE_HOME": str(directory / "state"),
        }
        client = Client([program, "mcp-server", "--config", str(config)], environment)
        try:
            version = check(client)
        finally:
            if client.process.poll() is None:
                client.process.kill()
                client.process.wait()
            subprocess.run(
                [program, "stop", "--config", str(config)], env=environment, timeout=60,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
    print(f"smoke test passed: mcp-server of warmplane {version} serves {len(TOOLS)} tools")


main()
PYTHON
