#!/usr/bin/env python3
"""Checks the imports of every Swift file against the target graph of Package.swift, and the graph against the layers.

SwiftPM finds every module that happens to be built, so a missing dependency, or one that points up, compiles by luck.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Modules of the toolchain that a target may import without asking, and what else some kinds of target may.
TOOLCHAIN = {"Builtin", "Glibc", "Swift", "Synchronization"}
FOUNDATION = {"Dispatch", "Foundation", "FoundationEssentials", "FoundationNetworking"}
TESTS_ONLY = {"Testing"}

# Foundation costs memory and start-up time in every worker, and Dispatch brings a second thread pool beside the loop.
WITHOUT_FOUNDATION = {
    "Client", "Exporter", "Front", "HTTPClient", "OAuth", "Platform", "Protocol", "Store", "Supervisor", "Telemetry",
    "Transport", "UpstreamWorker", "warmplane-worker",
}
# Protocol is values and codecs: no I/O.
FORBIDDEN = {"Protocol": {"Glibc"}}

# A C library is wrapped in one place. Folders are below Sources; tests may reach what their target depends on.
C_MODULES = {
    "CCrypto": ["OAuth"],
    "CCurl": ["HTTPClient"],
    "CLinux": ["Platform"],
    "CMicroHTTPD": ["Front/HTTP"],
    "CSQLite": ["Store"],
}
# Never reachable, however many targets lie between: the processes share nothing but frames, and the CLI starts fast.
UNREACHABLE = {
    "Supervisor": {"UpstreamWorker"},
    "UpstreamWorker": {"Front", "Supervisor"},
    # libcurl and libcrypto are loaded on first use (`auth`) and not linked: scripts/check_tree.py looks.
    "warmplane": {"CMicroHTTPD", "CSQLite", "Exporter", "Front", "Supervisor", "UpstreamWorker"},
    "warmplane-worker": {"CMicroHTTPD", "CSQLite", "Exporter", "Front", "Supervisor"},
}

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)"
)
SECTION = re.compile(r"^\s*// MARK: (.+)$")


def load_graph():
    """{target: (folder, type, direct dependencies)} as SwiftPM itself reads the manifest."""
    text = subprocess.run(
        [os.environ.get("SWIFT", "swift"), "package", "dump-package"], cwd=ROOT, check=True, stdout=subprocess.PIPE,
    ).stdout
    graph = {}
    for target in json.loads(text)["targets"]:
        base = "Tests" if target["type"] == "test" else "Sources"
        folder = target.get("path") or f"{base}/{target['name']}"
        dependencies = {next(iter(dependency.values()))[0] for dependency in target["dependencies"]}
        graph[target["name"]] = (folder, target["type"], dependencies)
    return graph


def load_sections(names):
    """{target: (number, title) of its section in Package.swift}. A target stands after the MARK of its layer."""
    sections, current, count = {}, None, 0
    for line in (ROOT / "Package.swift").read_text().splitlines():
        if match := SECTION.match(line):
            count, current = count + 1, match.group(1)
        elif current and (match := re.search(r'"([\w-]+)"', line)):
            if match.group(1) in names and match.group(1) not in sections:
                sections[match.group(1)] = (count, current)
    return sections


def reachable(graph, start):
    seen, waiting = set(), [start]
    while waiting:
        for name in graph[waiting.pop()][2] - seen:
            seen.add(name)
            waiting.append(name)
    return seen


def check_graph(graph):
    sections = load_sections(graph.keys())
    for name, (_, _, dependencies) in sorted(graph.items()):
        for dependency in sorted(dependencies):
            if sections[dependency][0] > sections[name][0]:
                yield f"Package.swift: {name} ({sections[name][1]}) depends on {dependency}, which is above it"
        for other in sorted(UNREACHABLE.get(name, set()) & reachable(graph, name)):
            yield f"Package.swift: {name} must not reach {other}"


def imports_of(path):
    """(line number, module) of each import. Block comments and multi-line strings are blanked first."""
    text = path.read_text()
    blank = lambda match: "\n" * match.group(0).count("\n")
    text = re.sub(r'#*""".*?"""#*', blank, text, flags=re.S)
    text = re.sub(r"/\*.*?\*/", blank, text, flags=re.S)
    for number, line in enumerate(text.splitlines(), 1):
        for statement in line.split("//")[0].split(";"):
            if match := IMPORT.match(statement):
                yield number, match.group(1)


def problem_with(module, name, kind, dependencies, path, graph):
    """Why this file may not import this module, or None."""
    if module in FORBIDDEN.get(name, set()):
        return f"{name} must not import {module}"
    if module in FOUNDATION:
        return f"{name} must do without {module}" if name in WITHOUT_FOUNDATION else None
    if module in TOOLCHAIN or (module in TESTS_ONLY and (kind == "test" or name == "TestSupport")):
        return None
    if module not in {target.replace("-", "_") for target in graph}:
        return f"{module} is neither a target of this package nor a module that scripts/check_imports.py knows"
    if module not in {dependency.replace("-", "_") for dependency in dependencies}:
        return f"{name} does not depend on {module}: Package.swift lists {', '.join(sorted(dependencies)) or 'nothing'}"
    if module in C_MODULES and kind != "test":
        if not any(path.startswith(f"Sources/{folder}/") for folder in C_MODULES[module]):
            return f"only {', '.join(C_MODULES[module])} may import {module}"
    return None


def main():
    graph = load_graph()
    problems = list(check_graph(graph))
    files = 0
    for name, (folder, kind, dependencies) in sorted(graph.items()):
        for file in sorted((ROOT / folder).rglob("*.swift")):
            path = file.relative_to(ROOT).as_posix()
            files += 1
            for line, module in imports_of(file):
                if problem := problem_with(module, name, kind, dependencies, path, graph):
                    problems.append(f"{path}:{line}: error: {problem}")
    for problem in problems:
        print(problem)
    if problems or files == 0:
        sys.exit(f"imports: {len(problems)} problems in {files} files")
    print(f"imports: {files} files of {len(graph)} targets agree with Package.swift")


if __name__ == "__main__":
    main()
