"""What must exist before anything is measured: our C programs, release binaries, nginx, strace."""

import os
import shutil
import subprocess
from pathlib import Path

from .processes import BenchError

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / ".bench"
PROGRAMS = OUT / "bin"
SWIFT = os.environ.get("SWIFT", "swift")
SWIFT_OPTIONS = ["-c", "release", "--static-swift-stdlib"]
PRODUCTS = ["warmplane", "warmplaned", "warmplane-worker", "warmplane-exec"]


def _run(arguments, **options):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, text=True, **options)


def build_programs():
    made = _run(["make", "-s", "-C", str(ROOT / "bench"), f"OUT={PROGRAMS}"])
    if made.returncode:
        raise BenchError("the C programs of the bench do not build; is a C compiler (apt: build-essential) installed?")


def find_binaries(given, say):
    """Directory with the release binaries. Built when one is missing or older than a source; never when `given`."""
    if given:
        directory = Path(given).resolve()
    else:
        if not shutil.which(SWIFT):
            raise BenchError(f"{SWIFT} is not on PATH; name finished binaries with --bin DIR")
        shown = _run([SWIFT, "build", *SWIFT_OPTIONS, "--show-bin-path"], cwd=ROOT, capture_output=True)
        if shown.returncode:
            raise BenchError(f"swift build --show-bin-path failed: {shown.stderr.strip()}")
        directory = Path(shown.stdout.strip().splitlines()[-1])
        if _stale(directory):
            say("building release binaries (this part is not bounded in time)")
            for product in PRODUCTS:
                if _run([SWIFT, "build", *SWIFT_OPTIONS, "--product", product], cwd=ROOT).returncode:
                    raise BenchError(f"swift build of {product} failed")
    missing = [product for product in PRODUCTS if not os.access(directory / product, os.X_OK)]
    if missing:
        raise BenchError(f"{directory} has no {', '.join(missing)}")
    return directory


def _stale(directory):
    try:
        oldest = min((directory / product).stat().st_mtime for product in PRODUCTS)
    except OSError:
        return True
    sources = [ROOT / "Package.swift", *(path for path in (ROOT / "Sources").rglob("*") if path.is_file())]
    return any(path.stat().st_mtime > oldest for path in sources)


def _apt(arguments, **options):
    command = ["apt-get", "-q", *arguments]
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            return False
        command = ["sudo", *command]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return _run(command, stdout=subprocess.DEVNULL, env=environment, **options).returncode == 0


def find_nginx(say):
    """The nginx program, its version, or a reason why there is none.

    When it is not installed, Debian's package is downloaded and unpacked below .bench, not installed: installing it
    would start a system service on port 80.
    """
    unpacked = OUT / "nginx"
    for path in (shutil.which("nginx"), "/usr/sbin/nginx", unpacked / "usr/sbin/nginx"):
        if path and os.access(path, os.X_OK):
            return Path(path), _nginx_version(path)
    if not shutil.which("apt-get"):
        raise BenchError("nginx is not installed and there is no apt-get")
    say("downloading Debian's nginx (unpacked below .bench, not installed)")
    download = OUT / "download"
    download.mkdir(parents=True, exist_ok=True)
    fetch = ["apt-get", "-q", "download", "nginx"]
    done = _run(fetch, cwd=download, capture_output=True)
    if done.returncode and _apt(["update"]):
        done = _run(fetch, cwd=download, capture_output=True)
    packages = sorted(download.glob("nginx_*.deb"))
    if done.returncode or not packages:
        raise BenchError(f"apt-get download nginx failed: {done.stderr.strip()[-200:]}")
    if _run(["dpkg", "-x", str(packages[-1]), str(unpacked)]).returncode:
        raise BenchError("dpkg cannot unpack nginx")
    program = unpacked / "usr/sbin/nginx"
    return program, _nginx_version(program)


def _nginx_version(program):
    shown = _run([str(program), "-v"], capture_output=True)
    if shown.returncode:
        raise BenchError(f"{program} does not run: {shown.stderr.strip()[-200:]}")
    return shown.stderr.strip().rpartition("nginx/")[2]


def find_strace(say):
    if not shutil.which("strace") and shutil.which("apt-get"):
        say("installing strace")
        _apt(["install", "-y", "--no-install-recommends", "strace"]) or (
            _apt(["update"]) and _apt(["install", "-y", "--no-install-recommends", "strace"])
        )
    program = shutil.which("strace")
    if not program:
        raise BenchError("strace is not installed and cannot be installed here")
    return program


def revision():
    """Short commit of the tree and whether it has changes."""
    shown = _run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True)
    return shown.stdout.strip() if shown.returncode == 0 else "unknown"
