"""What is measured. Each has `run(connections, seconds)` and `groups()`: label -> process ids."""

import http.client
import json
import os
import select
import socket
import subprocess
import time
from pathlib import Path

from .processes import BenchError, executable
from .tools import PROGRAMS

UPSTREAM = PROGRAMS / "upstream"
CALL = {"capability_id": "bench.echo", "args": {"text": "hi"}, "request_id": None}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def post(port, path, body, timeout=5.0):
    """Status and body of one POST."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", path, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_until_answered(process, log, port, path, body, seconds):
    """The body of the first answer 200. An ended process and a deadline are errors that show the end of the log."""
    deadline = time.monotonic() + seconds
    last = "no answer"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchError(f"{Path(process.args[0]).name} exited with {process.returncode}{tail(log)}")
        try:
            status, answer = post(port, path, body, timeout=max(0.5, deadline - time.monotonic()))
            if status == 200:
                return answer
            last = f"{status} {answer[:300].decode(errors='replace')}"
        except (OSError, http.client.HTTPException) as error:
            last = repr(error)
        time.sleep(0.05)
    raise BenchError(f"POST {path} did not answer 200 within {seconds:.0f} s; last: {last}{tail(log)}")


def tail(log, lines=15):
    try:
        text = Path(log).read_text(encoding="utf-8", errors="replace").strip().splitlines()[-lines:]
    except OSError:
        return ""
    return "".join(f"\n    | {line[:300]}" for line in text)


class Direct:
    """The load client on the upstream's pipes: no HTTP, no process between."""

    name = "direct, stdio"

    def __init__(self, load):
        self.load = load

    def run(self, connections, seconds):
        return self.load.stdio([UPSTREAM], connections, seconds)

    def groups(self):
        return {}


class UpstreamHTTP:
    """bench/upstream_http.c: an MCP server over streamable HTTP."""

    path = "/mcp"

    def __init__(self, processes):
        log = f"{processes.directory}/upstream-http.log"
        self.process = processes.start([PROGRAMS / "upstream_http"], log=log, stdout=subprocess.PIPE)
        ready, _, _ = select.select([self.process.stdout], [], [], 5)
        words = self.process.stdout.readline().split() if ready else []
        if len(words) != 2:
            raise BenchError(f"the HTTP upstream did not start{tail(log)}")
        self.port = int(words[1])

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"


class DirectHTTP:
    """The load client posts the call to the HTTP upstream itself."""

    name = "direct, HTTP"

    def __init__(self, processes, load, upstream):
        self.load, self.upstream = load, upstream
        self.body = Path(processes.directory) / "direct.json"
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": CALL["args"]}}
        self.body.write_text(json.dumps(call, separators=(",", ":")))

    def run(self, connections, seconds=1.0, requests=0):
        return self.load.http(
            self.upstream.port, self.upstream.path, self.body, connections, seconds, requests=requests)

    def groups(self):
        return {"HTTP upstream": [self.upstream.process.pid]}


class Relay:
    """bench/relay.c: our processes and hops in bare C."""

    name = "C relay"
    path = "/v1/tools/call"

    def __init__(self, processes, load):
        self.processes, self.load = processes, load
        self.body = write_body(processes)
        log = f"{processes.directory}/relay.log"
        self.process = processes.start([PROGRAMS / "relay", "--", UPSTREAM], log=log, stdout=subprocess.PIPE)
        ready, _, _ = select.select([self.process.stdout], [], [], 5)
        words = self.process.stdout.readline().split() if ready else []
        if len(words) != 2:
            raise BenchError(f"the relay did not start{tail(log)}")
        self.port = int(words[1])
        wait_until_answered(self.process, log, self.port, self.path, json.dumps(CALL), 5)

    def run(self, connections, seconds=1.0, requests=0):
        return self.load.http(self.port, self.path, self.body, connections, seconds, requests=requests)

    def groups(self):
        below = self.processes.named(self.process, "relay")
        return {
            "relay front": [self.process.pid],
            "relay worker": [pid for pid in below if pid != self.process.pid],
            "relay's upstream": self.processes.named(self.process, "upstream"),
        }


class Nginx:
    """nginx that answers the same POST with a static body as long as warmplane's answer."""

    name = "nginx, static"
    path = "/v1/tools/call"

    def __init__(self, processes, load, program, body_bytes, workers="auto"):
        self.processes, self.load = processes, load
        self.workers = workers
        self.body = write_body(processes)
        self.port = free_port()
        prefix = Path(processes.directory) / f"nginx-{workers}"
        prefix.mkdir()
        log = prefix / "error.log"
        filler = "x" * max(0, body_bytes - len('{"ok":""}'))
        prefix.joinpath("nginx.conf").write_text(self._configuration(prefix, '{"ok":"' + filler + '"}'))
        self.process = processes.start([program, "-p", prefix, "-e", log, "-c", prefix / "nginx.conf"], log=log)
        wait_until_answered(self.process, log, self.port, self.path, json.dumps(CALL), 5)

    def _configuration(self, prefix, answer):
        user = "user root;" if os.geteuid() == 0 else ""  # its directory is private to the user of the bench
        temporary = "\n".join(
            f"  {kind}_temp_path {prefix}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""daemon off; {user} worker_processes {self.workers};
pid {prefix}/pid; error_log {prefix}/error.log error;
events {{ worker_connections 4096; }}
http {{
{temporary}
  access_log off; server_tokens off; tcp_nodelay on; keepalive_timeout 600; keepalive_requests 1000000000;
  default_type application/json;
  server {{ listen 127.0.0.1:{self.port}; location / {{ return 200 '{answer}'; }} }}
}}
"""

    def run(self, connections, seconds=1.0):
        return self.load.http(self.port, self.path, self.body, connections, seconds)

    def groups(self):
        return {"nginx workers": self.processes.below(self.process)}


class Warmplane:
    """A daemon of its own: temporary config, runtime and state directories, `servers` bench upstreams; `url`: one HTTP
    upstream in their place."""

    name = "warmplane"
    path = "/v1/tools/call"

    def __init__(self, processes, load, binaries, label, servers=1, environment=None, url=None):
        self.processes, self.load = processes, load
        self.port = free_port()
        home = Path(processes.directory) / label
        names = ["bench"] if servers == 1 else [f"bench{i:02}" for i in range(1, servers + 1)]
        variables = {"WARMPLANE_LOG": "warn", "HOME": str(home)} | (environment or {})
        for name in ("RUNTIME_DIR", "STATE_HOME", "DATA_HOME", "CONFIG_HOME", "CACHE_HOME"):
            directory = home / name.split("_")[0].lower()
            directory.mkdir(parents=True, mode=0o700)
            variables[f"XDG_{name}"] = str(directory)
        config = home / "mcp_servers.json"
        entry = {"url": url} if url else {"command": str(UPSTREAM), "args": []}
        self.labels = ("daemon, HTTP", "worker, HTTP") if url else ("daemon", "worker")
        if url:
            self.name = "warmplane, HTTP"
        entries = {name: entry for name in names}
        config.write_text(json.dumps({"port": self.port, "mcpServers": entries}))
        self.log = home / "daemon.log"
        self.body = write_body(processes)
        self.process = processes.start(
            [binaries / "warmplane", "daemon", "-c", config, "-p", self.port], variables, log=self.log, directory=home
        )
        for name in names:
            call = json.dumps(CALL | {"capability_id": f"{name}.echo"})
            self.answer = wait_until_answered(self.process, self.log, self.port, self.path, call, 20)
        if b'"ok"' not in self.answer:
            raise BenchError(f"the answer of warmplane is not the upstream's: {self.answer[:300]!r}")

    def run(self, connections, seconds=1.0, requests=0):
        return self.load.http(self.port, self.path, self.body, connections, seconds, requests=requests)

    def groups(self):
        below = self.processes.below(self.process)
        programs = {pid: executable(pid) for pid in below}
        return {
            self.labels[0]: [self.process.pid],
            self.labels[1]: [pid for pid, program in programs.items() if os.path.basename(program) == "warmplane-worker"],
        } | self._upstreams(programs)

    def _upstreams(self, programs):
        if self.labels[0] != "daemon":
            return {}
        return {"its upstream": [pid for pid, program in programs.items() if program == str(UPSTREAM.resolve())]}

    def stop(self):
        """None: the daemon ended on SIGTERM and nothing was left behind; otherwise what was wrong."""
        clean, left = self.processes.stop(self.process)
        if not clean:
            return "the daemon did not end within 10 s of SIGTERM and was killed"
        counts = ", ".join(f"{left.count(name)} {name}" for name in sorted(set(left)))
        return f"the daemon ended and left running: {counts}" if left else None


def write_body(processes):
    path = Path(processes.directory) / "call.json"
    path.write_text(json.dumps(CALL, separators=(",", ":")))
    return path
