#!/usr/bin/env python3
"""Compares docs/openapi.yaml with OpenAPI's own rules, with the sources, and with the answers of a running daemon.

Runs in .venv-check (scripts/setup --check). The sources say which routes, codes, reasons and statuses there are; the
daemon, with servers that misbehave on command, must answer nothing that the document does not say: status, code,
reason, members, and their order. An example whose request has an example of the same name must be the answer.
"""

import argparse
import pathlib
import re
import sys

import jsonschema
import openapi_spec_validator
import referencing
import referencing.jsonschema
import yaml

import openapi_walk

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "openapi.yaml"
PROGRAMS = ("warmplane", "warmplaned", "warmplane-worker", "warmplane-exec", "warmplane-demo-server",
            "warmplane-fake-upstream")

# Reasons that the sources name and that no answer on /v1 has.
NOT_ON_V1 = {
    "daemon_unavailable": "of the bridge, which speaks MCP",
    "unknown_server": "of the control socket",
}
# Documented failures that the walk below does not bring about.
NOT_WALKED = {
    "INTERNAL_ERROR idempotency_unavailable": "takes a broken state directory",
    "INTERNAL_ERROR outcome_unknown": "a fault inside",
    "SERVER_UNREACHABLE queue_full": "takes 64 MiB of waiting calls",
    "SERVER_UNREACHABLE stopping": "a race with the daemon's end",
    "UPSTREAM_TIMEOUT in_progress": "takes a first request that ends later than the second",
    "UPSTREAM_TIMEOUT not_sent": "takes a full pipe",
    **{f"{code} auth_{reason}": "needs an authorization server"
       for code in ("SERVER_UNREACHABLE", "UPSTREAM_ERROR")
       for reason in ("missing", "store_unavailable", "expired", "discovery_missing", "refresh_failed")},
}


class Problems:
    def __init__(self):
        self.lines = []

    def add(self, where, text):
        self.lines.append(f"docs/openapi.yaml: error: {where}: {text}")

    def compare(self, what, documented, real):
        if missing := sorted(real - documented):
            self.add(what, f"not documented: {', '.join(missing)}")
        if extra := sorted(documented - real):
            self.add(what, f"documented, but not in the program: {', '.join(extra)}")


class Document:
    """The document, and what it says about one answer."""

    def __init__(self, problems):
        self.problems = problems
        self.root = yaml.safe_load(DOCUMENT.read_text())
        resource = referencing.Resource.from_contents(
            self.root, default_specification=referencing.jsonschema.DRAFT202012)
        self.registry = referencing.Registry().with_resource("urn:openapi", resource)
        self.schemas = self.root["components"]["schemas"]
        self.met = set()

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def operations(self):
        for path, item in self.root["paths"].items():
            for method, operation in item.items():
                if method in ("get", "head", "options", "post"):
                    yield path, method, operation

    def responses(self):
        """(where, method, status, response) of every operation."""
        for path, method, operation in self.operations():
            for status, response in operation["responses"].items():
                yield f"{method.upper()} {path} {status}", method, status, self.resolve(response)

    def validate(self, where, schema, value):
        absolute = {"$ref": "urn:openapi" + schema["$ref"]} if "$ref" in schema else schema
        validator = jsonschema.Draft202012Validator(absolute, registry=self.registry)
        for error in validator.iter_errors(value):
            self.problems.add(where, f"{error.json_path}: {error.message[:200]}")
        self.walk(where, schema, value)

    def walk(self, where, schema, value):
        """What we write ourselves has no member that is not documented, and the document's order."""
        schema = self.resolve(schema)
        if "oneOf" in schema:
            for choice in schema["oneOf"]:
                if (self.resolve(choice).get("type") == "null") == (value is None):
                    self.walk(where, choice, value)
        elif isinstance(value, dict) and "properties" in schema:
            names = [name for name in schema["properties"] if name in value]
            if extra := [name for name in value if name not in schema["properties"]]:
                self.problems.add(where, f"members that are not documented: {', '.join(extra)}")
            elif names != list(value):
                self.problems.add(where, f"order of members is {list(value)}, documented {names}")
            for name in names:
                self.walk(f"{where}.{name}", schema["properties"][name], value[name])
        elif isinstance(value, list) and "items" in schema:
            for number, item in enumerate(value):
                self.walk(f"{where}[{number}]", schema["items"], item)

    def judge(self, where, response, value, headers=None):
        """An answer's body, or an example, against its response."""
        content = response.get("content", {}).get("application/json")
        if content is None:
            return self.problems.add(where, "the document has no JSON body here")
        self.validate(where, content["schema"], value)
        if "x-failures" in response:
            error = value["error"]
            failure = " ".join(filter(None, [error["code"], error.get("reason")]))
            if failure not in response["x-failures"]:
                self.problems.add(where, f"{failure} is not among its x-failures")
            self.met.add(failure)
        for name, header in response.get("headers", {}).items():
            if headers is not None and self.resolve(header).get("required") and headers.get(name) is None:
                self.problems.add(where, f"no header {name}")


# MARK: The document itself

def check_rules(document, problems):
    for error in openapi_spec_validator.OpenAPIV31SpecValidator(document.root).iter_errors():
        problems.add("/".join(map(str, error.absolute_path)), error.message[:300])


def check_examples(document, problems):
    met = document.met
    document.met = set()  # an example proves nothing
    for where, _, _, response in document.responses():
        content = response.get("content", {}).get("application/json", {})
        for name, example in content.get("examples", {}).items():
            document.judge(f"{where}, example {name}", response, example["value"])
    for path, method, operation in document.operations():
        content = document.resolve(operation.get("requestBody", {})).get("content", {}).get("application/json", {})
        for name, example in content.get("examples", {}).items():
            document.validate(f"{method.upper()} {path}, example {name}", content["schema"], example["value"])
    document.met = met


def check_descriptions(document, problems):
    """People read descriptions, not extensions."""
    for where, _, _, response in document.responses():
        named = {failure.partition(" ")[2] for failure in response.get("x-failures", [])} - {""}
        told = set(re.findall(r"`([a-z]+(?:_[a-z]+)+|starting|restarting|disabled|stopping|cancelled)`",
                              response["description"]))
        if missing := sorted(named - told):
            problems.add(where, f"its description does not name {', '.join(missing)}")


# MARK: The sources

def source(pattern):
    return "\n".join(path.read_text() for path in sorted((ROOT / "Sources").glob(pattern)))


def enum_values(text, name):
    """The raw values of a Swift enum of strings."""
    body = re.search(rf"enum {name}: String[^{{]*{{(.*?)\n?\s*}}", text, re.S).group(1).split("package var")[0]
    values = set()
    for line in re.findall(r"^\s*case (.+)$|case ([\w`, ]+)$", body, re.M):
        for case in "".join(line).split(","):
            word, _, raw = case.partition("=")
            values.add(raw.strip().strip('"') if raw else word.strip().strip("`"))
    return values


def check_sources(document, problems):
    envelope, front = source("Protocol/Envelope/*.swift"), source("Front/**/*.swift")
    schemas = document.schemas
    problems.compare("codes", set(schemas["ErrorCode"]["enum"]), enum_values(envelope, "ErrorCode"))
    problems.compare("readiness codes", set(schemas["ReadinessCode"]["enum"]), enum_values(envelope, "ReadinessCode"))
    problems.compare(
        "actors", set(schemas["Hint"]["properties"]["actor"]["enum"]), enum_values(envelope, "Actor"))

    for name, values in schemas["Retry"]["properties"].items():
        enum = {"classification": "Classification", "upstream_execution_state": "ExecutionState"}[name]
        problems.compare(name, set(values["enum"]), enum_values(envelope, enum))
    states = enum_values(source("Front/Idempotency/KeptResult.swift"), "State")
    problems.compare("states of records", set(schemas["Record"]["properties"]["state"]["enum"]), states)

    routes = re.sub(r"\bprefix\b", '"/v1/capabilities/"', source("Front/HTTP/V1Route.swift"))
    paths = {path + "{id}" if path.endswith("/") else path for path in re.findall(r'"(/v1/[^"]*)"', routes)}
    paths.discard("/v1/operations/{id}")  # only where a longer one begins
    problems.compare("routes", set(document.root["paths"]), paths)

    failures = {failure for _, _, _, response in document.responses() for failure in response.get("x-failures", [])}
    documented = {failure.partition(" ")[2] for failure in failures} - {""}
    literals = set(re.findall(r'reason: "([a-z_]+)"', front))
    literals |= set(re.findall(r'(?:badRequest|forbidden)\(\s*"[^"]*",\s*"([a-z_]+)"\)', front))
    readiness = enum_values(envelope, "ReadinessCode") - {"ready"}
    problems.compare("reasons", documented, (literals | readiness) - set(NOT_ON_V1))
    codes = {failure.split()[0] for failure in failures}
    problems.compare("codes of failures", codes, set(schemas["ErrorCode"]["enum"]))

    # Those of MCP over HTTP, which is described by its own specification, are not among them.
    v1 = "".join(path.read_text() for path in (ROOT / "Sources/Front").glob("**/*.swift") if "MCP" not in path.parts)
    statuses = set(re.findall(r"status: (\d{3})\b", v1)) | {"400", "403"}  # badRequest, forbidden
    told = {status for _, _, status, _ in document.responses()} - {"default", "431"}  # 431 is the HTTP library's
    problems.compare("statuses", told, statuses)
    for failure in set(NOT_WALKED) - failures:
        problems.add("scripts/check_openapi.py", f"NOT_WALKED has {failure}, the document has not")


def check_daemon(document, problems, programs):
    count = openapi_walk.walk(document, problems, programs)
    failures = {failure for _, _, _, response in document.responses() for failure in response.get("x-failures", [])}
    for failure in sorted(failures - document.met - set(NOT_WALKED)):
        problems.add("live", f"{failure} is documented and was not met")
    return count


def main():
    parser = argparse.ArgumentParser(prog="scripts/check_openapi.py", description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / ".build" / "debug",
                        help="directory of the built programs (default: .build/debug)")
    options = parser.parse_args()
    if missing := [name for name in PROGRAMS if not (options.programs / name).exists()]:
        sys.exit(f"check_openapi: not built: {', '.join(missing)}")
    problems = Problems()
    document = Document(problems)
    check_rules(document, problems)
    if not problems.lines:  # the rest relies on the form
        check_examples(document, problems)
        check_descriptions(document, problems)
        check_sources(document, problems)
        count = check_daemon(document, problems, options.programs.resolve())
    for line in problems.lines:
        print(line)
    if problems.lines:
        sys.exit(f"openapi: {len(problems.lines)} problems")
    print(f"openapi: {len(document.root['paths'])} paths agree with the sources and with {count} answers")


if __name__ == "__main__":
    main()
