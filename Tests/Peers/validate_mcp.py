"""Validates messages of an MCP server against the official schema of their revision.

    validate_mcp.py SCHEMA_DIRECTORY < CASES

One case per line: {"revision": "2025-11-25", "method": "tools/list", "message": {...}}. `method` is the request that was
answered; for notifications and errors without an id it is null. Prints the number of messages; each that is invalid is
named on standard error, and the exit code is 1.
"""

import json
import pathlib
import sys

import jsonschema

RESULTS = {
    "initialize": "InitializeResult",
    "server/discover": "DiscoverResult",
    "ping": "EmptyResult",
    "tools/list": "ListToolsResult",
    "tools/call": "CallToolResult",
    "resources/list": "ListResourcesResult",
    "resources/templates/list": "ListResourceTemplatesResult",
    "resources/read": "ReadResourceResult",
    "prompts/list": "ListPromptsResult",
    "prompts/get": "GetPromptResult",
    "completion/complete": "CompleteResult",
    "logging/setLevel": "EmptyResult",
    "resources/subscribe": "EmptyResult",
    "resources/unsubscribe": "EmptyResult",
}
NOTIFICATIONS = {
    "notifications/progress": "ProgressNotification",
    "notifications/message": "LoggingMessageNotification",
    "notifications/resources/updated": "ResourceUpdatedNotification",
    "notifications/tools/list_changed": "ToolListChangedNotification",
    "notifications/resources/list_changed": "ResourceListChangedNotification",
    "notifications/prompts/list_changed": "PromptListChangedNotification",
    "notifications/subscriptions/acknowledged": "SubscriptionsAcknowledgedNotification",
}
ERRORS = {-32022: "UnsupportedProtocolVersionError"}


class Schema:
    def __init__(self, directory, revision):
        self.document = json.loads((directory / f"{revision}.json").read_text())
        self.key = "$defs" if "$defs" in self.document else "definitions"

    def check(self, name, value):
        if name not in self.document[self.key]:
            raise jsonschema.ValidationError(f"this revision has no {name}")
        schema = dict(self.document)
        schema.pop("anyOf", None)
        schema["$ref"] = f"#/{self.key}/{name}"
        validator = jsonschema.validators.validator_for(self.document)
        validator(schema).validate(value)

    def first(self, *names):
        return next(name for name in names if name in self.document[self.key])


def check(schema, method, message):
    if "error" in message:
        # Older schemas demand an id; what cannot be attributed to a request has none (newest schemas, JSON-RPC: null).
        named = message if "id" in message else {**message, "id": 0}
        schema.check(schema.first("JSONRPCErrorResponse", "JSONRPCError"), named)
        if name := ERRORS.get(message["error"]["code"]):
            schema.check(name, message)
    elif "result" in message:
        schema.check(schema.first("JSONRPCResultResponse", "JSONRPCResponse"), message)
        schema.check(RESULTS[method], message["result"])
    else:
        schema.check("JSONRPCNotification", message)
        schema.check(NOTIFICATIONS[message["method"]], message)


def main():
    directory = pathlib.Path(sys.argv[1])
    schemas, count, failed = {}, 0, False
    for line in sys.stdin:
        case = json.loads(line)
        revision = case["revision"]
        schema = schemas.setdefault(revision, None) or Schema(directory, revision)
        schemas[revision] = schema
        try:
            check(schema, case["method"], case["message"])
        except jsonschema.ValidationError as error:
            failed = True
            print(f"{revision} {case['method']}: {error.message}\n  {line[:600]}", file=sys.stderr)
        count += 1
    print(count)
    sys.exit(failed)


main()
