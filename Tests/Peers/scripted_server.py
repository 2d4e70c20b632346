"""An MCP server on stdin and stdout that says what it is told, well formed or not.

    scripted_server.py SCRIPT

SCRIPT is a JSON object:
    version       the only revision that it speaks (2025-11-25)
    capabilities  what it announces; lists are there for what is announced
    tools, resources, resourceTemplates, prompts
    answers       results by "method" or "method name", where name is the tool, prompt or URI; {"error": {...}} is an error.
                  "$meta" in a result is replaced by the request's _meta
    tells         notifications before an answer, by the same keys: [{"method": ..., "params": ...}]; "$token" in them is the
                  request's progress token
    delay         seconds before it reads anything
"""

import json
import sys
import time


def filled(value, words):
    if isinstance(value, dict):
        return {key: filled(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, words) for item in value]
    return words.get(value, value) if isinstance(value, str) else value


class Server:
    def __init__(self, script):
        self.script = script
        self.version = script.get("version", "2025-11-25")
        self.is_modern = self.version == "2026-07-28"
        self.capabilities = script.get("capabilities", {"tools": {}, "resources": {}, "prompts": {}})

    def send(self, message):
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def run(self):
        time.sleep(self.script.get("delay", 0))
        for line in sys.stdin:
            message = json.loads(line)
            if "id" in message and "method" in message:
                self.answer(message["id"], message["method"], message.get("params") or {})

    def answer(self, id, method, params):
        meta = params.get("_meta") or {}
        words = {"$meta": meta, "$token": meta.get("progressToken")}
        keys = [f"{method} {params.get('name', params.get('uri'))}", method]
        for key in keys:
            for note in self.script.get("tells", {}).get(key, []):
                self.send(filled(note, words))
        answers = self.script.get("answers", {})
        value = next((answers[key] for key in keys if key in answers), None)
        if value is None:
            value = self.usual(method, params)
        if value is None:
            value = {"error": {"code": -32601, "message": "Method not found: " + method}}
        if set(value) == {"error"}:
            return self.send({"id": id, **value})
        self.send({"id": id, "result": filled({"resultType": "complete", **value} if self.is_modern else value, words)})

    def usual(self, method, params):
        info = {"name": "scripted", "version": "1"}
        cache = {"ttlMs": 0, "cacheScope": "private"} if self.is_modern else {}
        if method == "initialize" and not self.is_modern:
            return {"protocolVersion": self.version, "capabilities": self.capabilities, "serverInfo": info}
        if method == "server/discover" and self.is_modern:
            meta = {"io.modelcontextprotocol/serverInfo": info}
            return {"supportedVersions": [self.version], "capabilities": self.capabilities, "_meta": meta, **cache}
        if method == "ping" and not self.is_modern:
            return {}
        kind = method.split("/")[0]
        if kind not in self.capabilities:
            return None
        if method.endswith("/list"):
            member = "resourceTemplates" if "templates" in method else kind
            return {member: self.script.get(member, []), **cache}
        if method == "tools/call":
            return {"content": [{"type": "text", "text": params["name"]}]}
        if method == "resources/read":
            return {"contents": [{"uri": params["uri"], "text": params["uri"]}], **cache}
        if method == "prompts/get":
            return {"messages": []}
        return None


Server(json.loads(sys.argv[1])).run()
