#!/usr/bin/env python3
"""Compares what the documents name with what there is: links, commands and flags, config keys, variables, files.

Runs in .venv-check (scripts/setup --check), after the build: the programs' own help says which commands there are.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
# For people who change the program: these name Swift symbols and what does not ship.
INTERNAL = {"docs/ARCHITECTURE.md", "docs/TESTING.md", "CONTRIBUTING.md", "bench/README.md"}
# camelCase words in code that are no config keys: MCP's and other programs'.
FOREIGN = set("""
    additionalProperties inputSchema outputSchema readOnlyHint idempotentHint openWorldHint mimeType structuredContent isError
    nextCursor listChanged resultType ttlMs cacheScope serverInfo clientInfo clientCapabilities resourcesListChanged
    promptsListChanged toolsListChanged resourceSubscriptions hasMore streamableHttp httpGet
""".split())
# Documented first, built later: to be taken out of here when the sources name them.
PENDING_VARIABLES = set()
PENDING_COMMANDS = set()


class Program:
    """The commands and flags that the built program knows."""

    def __init__(self, path):
        self.path = path
        # Some have two words: `auth login`.
        self.commands = set(re.findall(r"^  ([a-z][a-z-]+(?: [a-z]+)?) {2,}\S", self.help(), re.M))
        self.groups = {name.split()[0] for name in self.commands if " " in name}
        self.flags = {}

    def help(self, *command):
        return subprocess.run([self.path, "help", *command], capture_output=True, text=True, check=True, timeout=20).stdout

    def flags_of(self, command):
        if command not in self.flags:
            text = self.help(*command.split())
            self.flags[command] = set(re.findall(r"(?<![\w-])(--?[a-zA-Z][a-z-]*)", text)) | {"--help", "-h"}
        return self.flags[command]


class Document:
    def __init__(self, name):
        self.name = name
        self.lines = (ROOT / name).read_text().splitlines()
        self.fences, self.text = [], []  # (line, language, lines); (line, text)
        fence = None
        for number, line in enumerate(self.lines, 1):
            if line.lstrip().startswith("```"):
                if fence is None:
                    fence = (number + 1, line.strip().strip("`").strip(), [])
                else:
                    self.fences.append(fence)
                    fence = None
            elif fence is not None:
                fence[2].append(line)
            else:
                self.text.append((number, line))

    def inline_code(self):
        """(line, code) of each span; spans may go on in the next line."""
        start, buffer = 0, ""
        for number, line in [*self.text, (0, "")]:
            if line.strip() and not line.startswith("|"):
                start, buffer = (start or number), buffer + line + "\n"
                continue
            yield from self._spans(start, buffer)
            start, buffer = 0, ""
            yield from self._spans(number, line)

    @staticmethod
    def _spans(start, text):
        for match in re.finditer(r"(`+)(.+?)\1", text, re.S):
            yield start + text[: match.start()].count("\n"), " ".join(match.group(2).split()).replace("\\|", "|")

    def shell_lines(self):
        """Commands of code blocks, continuation lines joined; of a session (`$ …`) only what was typed."""
        for start, language, lines in self.fences:
            if language not in ("", "sh", "bash", "console"):
                continue
            session, joined, first = any(line.startswith("$ ") for line in lines), "", 0
            for number, line in enumerate(lines, start):
                if not joined and session and not line.startswith("$ "):
                    continue
                first = first if joined else number
                joined += line.removeprefix("$ ")
                if joined.endswith("\\"):
                    joined = joined[:-1] + " "
                    continue
                yield first, joined
                joined = ""

    def slugs(self):
        """The anchors that GitHub gives the headings."""
        found = set()
        for _, line in self.text:
            if match := re.match(r"#+ (.+)", line):
                plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", match.group(1)).replace("`", "").lower()
                found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
        return found


class Checker:
    def __init__(self, program):
        self.program, self.problems = program, []
        names = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT, check=True,
            capture_output=True, text=True).stdout.split()
        self.documents = {name: Document(name) for name in sorted(set(names)) if (ROOT / name).is_file()}
        self.schema = json.loads((ROOT / "docs/config.schema.json").read_text())
        self.keys = set(self.named_members(self.schema))
        self.keys |= set(self.named_members(yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())))
        # Members of the credential store and of what the `auth` commands print.
        for folder in ("Sources/OAuth/Store", "Sources/Warmplane/Auth"):
            for path in (ROOT / folder).glob("*.swift"):
                self.keys |= set(re.findall(r'"([a-z]+(?:[A-Z][a-z]*)+)"', path.read_text()))
        self.sources = "\n".join(
            path.read_text() for folder in ("Sources", "scripts") for path in sorted((ROOT / folder).rglob("*"))
            if path.is_file() and path.suffix in (".swift", ".c", ".h", ".py", "") and path.name != "check_docs.py")
        self.targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))

    @classmethod
    def named_members(cls, node):
        if isinstance(node, dict):
            if isinstance(node.get("properties"), dict):
                yield from node["properties"]
            for value in node.values():
                yield from cls.named_members(value)
        elif isinstance(node, list):
            for value in node:
                yield from cls.named_members(value)

    def add(self, document, line, text):
        self.problems.append(f"{document.name}:{line}: error: {text}")

    def check(self):
        for document in self.documents.values():
            self.check_links(document)
            self.check_configurations(document)
            for line, command in document.shell_lines():
                self.check_command(document, line, command)
                self.check_paths(document, line, command)
            for line, code in document.inline_code():
                if code.startswith(("warmplane ", "make ", "scripts/")):
                    self.check_command(document, line, code)
                self.check_paths(document, line, code)
                if document.name not in INTERNAL:
                    self.check_key(document, line, code)
            self.check_variables(document)
        for path in sorted((ROOT / "deploy/systemd").glob("*/*.service")):
            unit = Document(str(path.relative_to(ROOT)))
            for number, line in enumerate(unit.lines, 1):
                if match := re.match(r"Exec\w+=(.+)", line):
                    self.check_command(unit, number, match.group(1))
        for name in sorted(PENDING_VARIABLES):
            if f'"{name}"' in self.sources:
                self.problems.append(f"scripts/check_docs.py: error: {name} is built; take it out of PENDING_VARIABLES")
        for name in sorted(PENDING_COMMANDS & self.program.commands):
            self.problems.append(f"scripts/check_docs.py: error: {name} is built; take it out of PENDING_COMMANDS")

    def check_links(self, document):
        for number, line in document.text:
            for target in re.findall(r"(?<!`)\]\(([^)\s]+)\)", line):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                name = document.name
                if path:
                    name = os.path.relpath((ROOT / document.name).parent.joinpath(path).resolve(), ROOT)
                    if not (ROOT / name).exists():
                        self.add(document, number, f"dead link to {target}")
                        continue
                if anchor and (name not in self.documents or anchor not in self.documents[name].slugs()):
                    self.add(document, number, f"dead anchor {target}")

    def check_configurations(self, document):
        for line, language, lines in document.fences:
            text = "\n".join(lines)
            if language != "json" or '"mcpServers"' not in text:
                continue
            try:
                value = json.loads(text)
            except ValueError as error:
                self.add(document, line, f"not JSON: {error}")
                continue
            value["mcpServers"].pop("…", None)
            for error in jsonschema.Draft202012Validator(self.schema).iter_errors(value):
                self.add(document, line, f"not valid by config.schema.json: {error.json_path}: {error.message[:150]}")

    def check_command(self, document, line, command):
        for part in re.split(r"\|\||&&|[|;&]|\$\(|\)$", command):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:
                words = part.split()
            if words[:2] == ["sudo", "-u"]:
                words = words[3:]
            while words and re.fullmatch(r"[A-Z_]+=.*|sudo|nohup|env|exec|time|[a-z]+\(\)|\d+", words[0]):
                words.pop(0)
            if not words:
                continue
            name = words[0].rpartition("/")[2]
            if name == "make":
                self.check_targets(document, line, words[1:])
            elif name == "warmplane" and len(words) > 1:
                self.check_words(document, line, words[1:])

    def check_targets(self, document, line, words):
        for word in words:
            if re.fullmatch(r"[a-z][a-z-]*", word) and word not in self.targets:
                self.add(document, line, f"there is no make target {word}")

    def check_words(self, document, line, words):
        command = words[0]
        if command.startswith("-") or command in PENDING_COMMANDS or not re.fullmatch(r"[a-z-]+", command):
            return
        if command == "help":
            return
        if command in self.program.groups and len(words) > 1:
            command, words = f"{command} {words[1]}", words[1:]
        if command not in self.program.commands:
            return self.add(document, line, f"there is no command {command}")
        flags = self.program.flags_of(command)
        for word in words[1:]:
            flag = re.match(r"\[?(--?[a-zA-Z][a-z-]*)", word)
            if flag and flag.group(1) not in flags:
                self.add(document, line, f"{command} has no flag {flag.group(1)}")

    def check_paths(self, document, line, code):
        for path in re.findall(r"(?<![\w/.:-])((?:scripts|deploy|examples|bench|docs)/[\w./-]*\w)", code):
            if not (ROOT / path).exists() and not path.startswith("examples/data"):
                self.add(document, line, f"there is no {path}")

    def check_key(self, document, line, code):
        """`daemon.idleExitSeconds`, `allowedHosts`, and what else looks like a key of the configuration."""
        head = re.match(r"[A-Za-z.$]+(?=$|[:=\[ ])", code)
        if not head:
            return
        for word in head.group(0).split("."):
            if re.fullmatch(r"[a-z]+(?:[A-Z][a-z]*)+", word) and word not in self.keys | FOREIGN:
                self.add(document, line, f"{word} is no config key (nor in FOREIGN of check_docs.py)")

    def check_variables(self, document):
        for number, line in enumerate(document.lines, 1):
            for name in re.findall(r"\b((?:WARMPLANE|OTEL|XDG|RUST)_[A-Z_]*[A-Z])\b", line):
                if name not in PENDING_VARIABLES and not re.search(rf"\b{name}\b", self.sources):
                    self.add(document, number, f"no source names the variable {name}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/check_docs.py", description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / ".build" / "debug",
                        help="directory of the built programs (default: .build/debug)")
    options = parser.parse_args()
    if not (options.programs / "warmplane").exists():
        sys.exit("check_docs: warmplane is not built")
    checker = Checker(Program(options.programs / "warmplane"))
    checker.check()
    for problem in checker.problems:
        print(problem)
    if checker.problems:
        sys.exit(f"docs: {len(checker.problems)} problems in {len(checker.documents)} documents")
    print(f"docs: {len(checker.documents)} documents name what there is")


if __name__ == "__main__":
    main()
