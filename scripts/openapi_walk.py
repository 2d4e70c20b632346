"""A daemon with servers of every kind, and a walk over /v1 whose answers scripts/check_openapi.py's document judges."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.parse

TRACE = "0af7651916cd43dd8448eb211c80319c"


class Daemon:
    """The built daemon with servers of every kind, in directories of its own."""

    def __init__(self, programs, directory):
        self.programs, self.directory = programs, directory
        self.config = directory / "mcp_servers.json"
        fake, marker = str(programs / "warmplane-fake-upstream"), directory / "marker"
        once = f'test -e "{marker}" && exit 9; touch "{marker}"; exec "{fake}"'
        self.config.write_text(json.dumps({
            "port": 0, "listWaitMs": 300, "maxBodyBytes": 65536,
            "allowedOrigins": ["https://app.example"], "policy": {"deny": ["secret.*"]},
            "daemon": {"stopGraceMs": 200},
            "mcpServers": {
                "demo": {"command": str(programs / "warmplane-demo-server")},
                "fake": {"command": fake, "args": ["--resources", "2", "--prompts", "1"]},
                "brief": {"command": fake, "timeout": 300},
                "long": {"command": fake},
                "once": {"command": "sh", "args": ["-c", once]},
                "off": {"command": fake, "disabled": True},
                "unset": {"command": fake, "env": {"TOKEN": "{env:WARMPLANE_CHECK_NO_SUCH_VARIABLE}"}},
                "missing": {"command": str(directory / "no-such-program")},
                "loop": {"command": fake, "args": ["--exit-at-start", "3"]},
                "silent": {"command": fake, "args": ["--on-initialize", "silent"], "timeout": 300},
            },
        }))
        (directory / "run").mkdir(mode=0o700)
        self.environment = {
            **os.environ, "XDG_RUNTIME_DIR": str(directory / "run"), "XDG_STATE_HOME": str(directory / "state"),
        }
        self.environment.pop("WARMPLANE_CHECK_NO_SUCH_VARIABLE", None)
        self.log = open(directory / "log", "wb")
        self.process = subprocess.Popen(
            [programs / "warmplane", "daemon", "--config", self.config], env=self.environment,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def status(self):
        command = [self.programs / "warmplane", "status", "--json", "--config", self.config]
        output = subprocess.run(command, env=self.environment, timeout=20, capture_output=True).stdout
        return json.loads(output) if output else None

    def wait(self, servers):
        """Until these are ready; the port of HTTP."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            if status := self.status():
                states = {worker["server"]: worker["state"] for worker in status["workers"]}
                if all(states[server] == "ready" for server in servers):
                    return int(status["daemon"]["http"].rpartition(":")[2])
            time.sleep(0.05)
        sys.exit(f"check_openapi: the daemon did not come up:\n{(self.directory / 'log').read_text()[-2000:]}")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.log.close()


class Walker:
    """Sends requests, and judges every answer by the document."""

    def __init__(self, document, problems, port):
        self.document, self.problems, self.port = document, problems, port
        self.count = 0

    def operation(self, method, target):
        path = target.partition("?")[0]
        if path.startswith("/v1/capabilities/"):
            path = "/v1/capabilities/{id}"
        if path.startswith("/v1/operations/"):
            path = "/v1/operations/{id}/cancel"
        return self.document.root["paths"].get(path, {}).get(method.lower())

    def send(self, method, target, headers, body=None):
        """(status, headers, body); `headers` is a list, so that names can repeat."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            names = {name.lower() for name, _ in headers}
            connection.putrequest(method, target, skip_host="host" in names, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None and "content-length" not in names:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def expect(self, status, method, target, body=None, headers=(), reason=None, type="application/json"):
        where = f"live {method} {target[:60]} -> {status}"
        self.count += 1
        headers = [*headers, ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01")]
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None and type:
            headers.append(("Content-Type", type))
        got, answer_headers, content = self.send(method, target, headers, body)
        if got != status:
            return self.problems.add(where, f"answered {got}: {content[:300]!r}")
        operation = self.operation(method, target)
        responses = operation["responses"] if operation else {}
        response = self.document.resolve(responses.get(str(status), responses.get("default")))
        if response is None:  # a path or method that the document does not have: the two general answers
            response = self.general(status)
        if response is None:
            return self.problems.add(where, "the document does not have this status here")
        if "content" not in response:
            if content:
                self.problems.add(where, f"has a body: {content[:100]!r}")
            for name in response.get("headers", {}):
                if answer_headers.get(name) is None:
                    self.problems.add(where, f"no header {name}")
            return None
        media = answer_headers.get("content-type")
        if media not in response["content"]:
            if not (media is None and status == 431):  # the library's own
                self.problems.add(where, f"content-type is {media}")
            return None
        value = json.loads(content)
        self.document.judge(where, response, value, answer_headers)
        if reason is not None and value["error"].get("reason") != reason:
            self.problems.add(where, f"reason is {value['error'].get('reason')}, expected {reason}")
        if value.get("trace_id", TRACE) != TRACE:
            self.problems.add(where, "the traceparent is not continued")
        return value

    def general(self, status):
        if status == 404:
            return {"x-failures": ["INVALID_ARGS unknown_route"], **self.document.resolve(
                {"$ref": "#/components/responses/CapabilityNotFound"})}
        if status == 405:
            return self.document.resolve({"$ref": "#/components/responses/MethodNotAllowed"})
        return None

    def call(self, status, capability, arguments, reason=None):
        return self.expect(
            status, "POST", "/v1/tools/call", {"capability_id": capability, "args": arguments}, reason=reason)


def walk_examples(walker, document):
    """Each example request; the response example of that name, in any status, must be the answer."""
    for path, method, operation in document.operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        requests = {name: (path, example["value"]) for name, example in content.get("examples", {}).items()}
        for parameter in document.root["paths"][path].get("parameters", []):
            for name, example in document.resolve(parameter).get("examples", {}).items():
                requests[name] = (path.replace("{id}", urllib.parse.quote(example["value"], safe="")), None)
        if method != "get" and method != "post":
            continue
        for name, (target, body) in requests.items():
            found = False
            for status, response in operation["responses"].items():
                response = document.resolve(response)
                example = response.get("content", {}).get("application/json", {}).get("examples", {}).get(name)
                if example is None:
                    continue
                found = True
                answer = walker.expect(int(status), method.upper(), target, body)
                if answer is None:
                    continue
                wanted = dict(example["value"])
                for value in (answer, wanted):
                    value.pop("trace_id", None)
                for message in (answer.get("error") or {}, wanted.get("error") or {}):
                    # A shared response has one example for several kinds.
                    if name == "denied":
                        message["message"] = ""
                if answer != wanted:
                    walker.problems.add(f"{method.upper()} {path}, example {name}", f"the answer is {answer}")
            if not found:
                walker.problems.add(f"{method.upper()} {path}, example {name}", "no response has its answer")


def walk_lists(walker, document):
    for name in ("capabilities", "resources", "prompts"):
        for query in ("", "?wait=0", "?wait=nonsense&x=1"):
            answer = walker.expect(200, "GET", f"/v1/{name}{query}")
            demo = document.root["paths"][f"/v1/{name}"]["get"]["responses"]["200"]["content"]["application/json"]
            wanted = demo["examples"]["demo"]["value"]
            for member in (name, "server_readiness"):
                rows = [row for row in answer[member] if row["server"] == "demo"]
                if rows != wanted[member]:
                    walker.problems.add(f"GET /v1/{name}, example demo", f"{member} of the answer are {rows}")
        walker.expect(200, "HEAD", f"/v1/{name}")


def walk_refusals(walker, document):
    listed, call = [("Origin", "https://app.example")], "/v1/tools/call"
    for path, item in document.root["paths"].items():
        target = path.replace("{id}", "demo.add")
        walker.expect(204, "OPTIONS", target, headers=listed)
        walker.expect(405, "OPTIONS", target)
        wanted = ", ".join(name.upper() for name in ("get", "head", "post") if name in item)
        status, headers, _ = walker.send("DELETE", target, [])
        if (status, headers.get("Allow")) != (405, wanted):
            walker.problems.add(path, f"DELETE is answered {status}, Allow {headers.get('Allow')}; expected {wanted}")
        method = "GET" if "get" in item else "POST"
        walker.expect(403, method, target, headers=[("Origin", "null")], reason="origin_not_allowed")
        walker.expect(403, method, target, headers=[("Host", "other.example")], reason="host_not_allowed")
        walker.expect(403, "OPTIONS", target, headers=[("Host", "other.example")], reason="host_not_allowed")
        walker.expect(
            400, method, target, headers=[("Content-Length", "2"), ("Content-Length", "2")], body=b"{}",
            reason="invalid_framing")
        walker.expect(413, method, target, body=b" " * 70000, reason="body_too_large")
        walker.expect(431, method, target, headers=[("X-Long", "x" * 40000)])
        if "requestBody" in item.get("post", {}):
            walker.expect(415, "POST", target, {}, type=None, reason="unsupported_media_type")
            walker.expect(415, "POST", target, {}, type="text/plain", reason="unsupported_media_type")
            walker.expect(400, "POST", target, b"{", reason="invalid_json")
            walker.expect(400, "POST", target, {}, reason="invalid_field")
    walker.expect(400, "POST", call, {"capability_id": "demo.add", "args": []}, reason="invalid_field")
    walker.expect(400, "POST", "/v1/prompts/get", {"prompt_id": "demo.greet", "arguments": []}, reason="invalid_field")
    walker.expect(400, "GET", "/v1/capabilities/%00", reason="invalid_field")
    walker.expect(400, "GET", "/v1/capabilities/%ff", reason="invalid_field")
    walker.expect(404, "GET", "/v1/capabilities/a/b", reason="unknown_route")
    walker.expect(404, "GET", "/v1/nowhere", reason="unknown_route")
    walker.expect(404, "GET", "/v1/prompts?profile=nix", reason="unknown_scope")
    walker.expect(404, "GET", "/v1/capabilities/demo.add?profile=nix", reason="unknown_scope")
    walker.expect(404, "HEAD", "/v1/capabilities/demo.nothing")
    walker.expect(403, "POST", "/v1/resources/read", {"resource_id": "secret.x"}, reason="policy_denied")
    walker.expect(403, "POST", "/v1/prompts/get", {"prompt_id": "secret.x"}, reason="policy_denied")


def walk_servers(walker):
    walker.call(200, "fake.no_result", {})
    walker.call(200, "fake.tool_error", {})
    walker.call(200, "fake.echo", {"structured": [1.0, 12345678901234567890]})
    walker.expect(200, "POST", "/v1/resources/read", {"resource_id": "fake.fake://resource/1"})
    walker.call(502, "fake.rpc_error", {"code": -32602, "message": "no", "data": {"x": 1}})
    walker.call(504, "brief.sleep", {"ms": 30000}, reason="outcome_unknown")
    walker.call(503, "off.echo", {}, reason="disabled")
    walker.call(503, "unset.echo", {}, reason="config_invalid")
    walker.call(503, "silent.echo", {}, reason="starting")
    walker.call(503, "missing.echo", {}, reason="transport_unavailable")
    walker.expect(503, "GET", "/v1/capabilities/off.echo", reason="disabled")
    walker.expect(503, "POST", "/v1/resources/read", {"resource_id": "off.x"}, reason="disabled")
    walker.expect(503, "POST", "/v1/prompts/get", {"prompt_id": "off.x"}, reason="disabled")
    walker.call(503, "fake.crash", {}, reason="outcome_unknown")
    walker.call(503, "once.crash", {}, reason="outcome_unknown")
    walker.call(503, "once.echo", {}, reason="restarting")
    # Each call makes the next attempt start at once.
    for _ in range(12):
        if "SERVER_UNREACHABLE crash_loop" not in walker.document.met:
            walker.call(503, "loop.echo", {})
    walker.expect(200, "GET", "/v1/capabilities")  # with rows of every kind


def walk_keys(walker):
    """Idempotency keys: the first outcome comes back, whatever it is."""
    def call(status, key, capability, arguments, reason=None):
        walker.expect(
            status, "POST", "/v1/tools/call", {"capability_id": capability, "args": arguments, "idempotency_key": key},
            headers=[("Idempotency-Key", f'"{key}"')], reason=reason)

    for _ in range(2):
        call(200, "echo", "fake.echo", {"a": 1.0})
        call(502, "error", "fake.rpc_error", {"code": -32602, "message": "no"})
        call(504, "late", "brief.sleep", {"ms": 30000}, "outcome_unknown")
        call(503, "off", "off.echo", {}, "disabled")
    call(409, "echo", "fake.echo", {"a": 2}, "idempotency_key_reused")
    call(200, "large", "fake.big", {"bytes": 1100000})
    call(502, "large", "fake.big", {"bytes": 1100000}, "outcome_not_kept")
    walker.expect(
        400, "POST", "/v1/tools/call", {"capability_id": "fake.echo", "args": {}, "idempotency_key": "a"},
        headers=[("X-Idempotency-Key", "b")], reason="invalid_field")
    answer = walker.expect(200, "GET", "/v1/idempotency/records")
    states = {record["key"]: (record["state"], record["replay_count"]) for record in answer["records"]}
    wanted = {"echo": ("completed", 1), "error": ("failed", 1), "late": ("unknown", 1), "large": ("completed", 1)}
    if states != wanted:
        walker.problems.add("GET /v1/idempotency/records", f"the records are {states}")
    walker.expect(200, "HEAD", "/v1/idempotency/records")


def walk_cancellation(walker, document, pool):
    """A call that ends because somebody cancels it by its request id."""
    body = {"capability_id": "long.sleep", "args": {"ms": 60000}, "request_id": "a/b"}
    running = pool.submit(walker.expect, 409, "POST", "/v1/tools/call", body, reason="cancelled")
    target, deadline = "/v1/operations/a%2Fb/cancel", time.monotonic() + 10
    status = 404
    while status == 404 and time.monotonic() < deadline:  # the call may not be there yet
        status, _, content = walker.send("POST", target, [])
    response = document.root["paths"]["/v1/operations/{id}/cancel"]["post"]["responses"]["200"]
    document.judge(f"live POST {target} -> {status}", response, json.loads(content))
    running.result(30)
    walker.expect(404, "POST", target, reason="unknown_operation")


def walk(document, problems, programs):
    """The whole walk; how many answers were judged."""
    with tempfile.TemporaryDirectory(prefix="wp-api-", dir="/tmp") as name:  # socket paths are limited
        daemon = Daemon(programs, pathlib.Path(name))
        try:
            port = daemon.wait(["brief", "demo", "fake", "long", "once"])
            walker = Walker(document, problems, port)
            walk_lists(walker, document)
            walk_examples(walker, document)
            walk_refusals(walker, document)
            walk_servers(walker)
            walk_keys(walker)
            with concurrent.futures.ThreadPoolExecutor() as pool:
                walk_cancellation(walker, document, pool)
            with concurrent.futures.ThreadPoolExecutor() as pool:  # the end of a daemon, seen by a call that runs
                running = pool.submit(walker.call, 503, "long.sleep", {"ms": 60000}, "outcome_unknown")
                deadline = time.monotonic() + 10
                while not any(worker["in_flight"] for worker in daemon.status()["workers"]):
                    if time.monotonic() > deadline:
                        break
                daemon.process.terminate()
                running.result(30)
        finally:
            daemon.end()
        if daemon.process.returncode != 0:
            problems.add("live", f"the daemon ended with {daemon.process.returncode}")
    return walker.count
