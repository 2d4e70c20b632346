#!/usr/bin/env python3
"""Checks what is committed, and what the built programs link.

No path of somebody's machine in a tracked file; escapes from data-race checking only where C or the kernel is wrapped,
each with its guard in a comment; `package` is the widest access level; the CLI links no server library.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Written so that this file does not match itself.
MACHINE_PATH = re.compile(rb"(?<![\w.>)$}])/(?:root|home/[a-z_][\w-]*|Users/[A-Za-z][\w-]*)/")
ESCAPE = re.compile(r"@unchecked\s+Sendable|nonisolated\(unsafe\)")
ESCAPE_ALLOWED = (
    "Sources/Platform/", "Sources/Transport/", "Sources/Front/HTTP/", "Sources/HTTPClient/", "Sources/OAuth/Crypto/",
    "Sources/Store/", "Sources/TestSupport/", "Tests/",
)
PUBLIC = re.compile(r"^\s*(?:@\w+\s+)*(?:public|open)\s")
# Shared libraries that must not appear in a program's ldd: they cost every start of the CLI and every worker. The CLI
# reads configuration with FoundationEssentials, which does not bring ICU.
NOT_LINKED = {
    "warmplane": (
        "libmicrohttpd", "libsqlite3", "libcurl", "libcrypto", "libssl", "libFoundation.so", "libicu", "lib_FoundationICU",
    ),
    "warmplane-worker": (
        "libmicrohttpd", "libsqlite3", "libcurl", "libcrypto", "libssl", "libFoundation", "lib_FoundationICU",
    ),
}


def tracked_files():
    """Also what would be tracked after `git add`, so that a problem shows before the commit."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return sorted(name for name in names.decode().split("\0") if name and (ROOT / name).is_file())


def check_bytes(name, data):
    for number, line in enumerate(data.splitlines(), 1):
        if match := MACHINE_PATH.search(line):
            yield f"{name}:{number}: error: a path of one machine: {match.group(0).decode()}"


def check_swift(name, text):
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        code = line.split("//")[0]
        if match := ESCAPE.search(code):
            if not name.startswith(ESCAPE_ALLOWED):
                yield f"{name}:{number}: error: {match.group(0)} belongs into {', '.join(ESCAPE_ALLOWED)}"
            elif not any("//" in near for near in lines[max(0, number - 4) : number]):
                yield f"{name}:{number}: error: {match.group(0)} without a comment that names its guard"
        if PUBLIC.match(code):
            yield f"{name}:{number}: error: `package` is the widest access level"


def check_linked():
    """Of the release build if there is one, else of the debug build."""
    for program, libraries in NOT_LINKED.items():
        builds = [ROOT / ".build" / kind / program for kind in ("release", "debug")]
        built = next((path for path in builds if path.exists()), None)
        if built is None:
            continue
        linked = subprocess.run(["ldd", built], check=True, stdout=subprocess.PIPE, text=True).stdout
        for library in libraries:
            if library in linked:
                yield f"{built.relative_to(ROOT)}: error: links {library}"


def main():
    problems, names = [], tracked_files()
    for name in names:
        data = (ROOT / name).read_bytes()
        problems += check_bytes(name, data)
        if name.endswith(".swift") and name.startswith(("Sources/", "Tests/")):
            problems += check_swift(name, data.decode(errors="replace"))
    problems += check_linked()
    for problem in problems:
        print(problem)
    if problems or not names:
        sys.exit(f"tree: {len(problems)} problems in {len(names)} files")
    print(f"tree: {len(names)} files are clean")


if __name__ == "__main__":
    main()
