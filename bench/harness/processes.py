"""Starting processes, finding what they started, and ending all of it by process id."""

import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time

MARK = "WARMPLANE_BENCH_RUN"
PR_SET_PDEATHSIG = 1


class BenchError(Exception):
    """A measurement or its preparation failed; the text is for the user."""


def _prepare(cores):
    """What a child does before exec: it is told when the bench dies, and keeps to `cores` if any are given."""
    library = ctypes.CDLL(None)

    def prepare():
        library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if cores:
            os.sched_setaffinity(0, cores)

    return prepare


def _start_time(pid):
    """Start of the process in clock ticks since boot: with the pid it names one process for ever. None: it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def parent(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def descendants(root):
    """Process ids below `root`, without it."""
    children = {}
    for pid in all_pids():
        children.setdefault(parent(pid), []).append(pid)
    found, queue = [], [root]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def executable(pid):
    """Path of the program that the process runs; empty when it is gone or not ours to see."""
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    except OSError:
        return ""


class Processes:
    """Everything one run has started.

    Each process carries a random mark in its environment, so what it starts can be found even when it has been
    adopted by someone else. Only processes found by that mark, or seen below one of ours, are ever signalled.
    """

    def __init__(self):
        self.mark = secrets.token_hex(16)
        self.directory = tempfile.mkdtemp(prefix="wpb-", dir="/tmp")  # short: Unix socket paths end at 107 bytes
        self.started = []
        self.seen = {}

    def environment(self, extra=None):
        """Ours, without what would change the behaviour of the programs under test, with the mark and `extra`."""
        dropped = ("WARMPLANE_", "OTEL_", "LISTEN_", "WATCHDOG_", "MALLOCCOUNT_")
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(dropped) and key not in ("LD_PRELOAD", "NOTIFY_SOCKET")
        }
        return kept | {MARK: self.mark} | (extra or {})

    def start(self, arguments, environment=None, log=None, stdout=None, directory=None, cores=None):
        """Starts a program in a session of its own: Ctrl-C reaches only the bench, which then ends it."""
        with open(log or os.devnull, "ab") as sink:
            process = subprocess.Popen(
                [str(argument) for argument in arguments],
                env=self.environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=stdout or sink,
                stderr=sink,
                cwd=directory,
                start_new_session=True,
                preexec_fn=_prepare(cores),
            )
        self.started.append(process)
        self._remember(process.pid)
        return process

    def _remember(self, pid):
        start = _start_time(pid)
        if start is not None:
            self.seen[pid] = start

    def below(self, process):
        """Processes below `process`, and marked ones that nobody of ours is above of any more (adopted by init)."""
        known = {other.pid: descendants(other.pid) for other in self.started}
        taken = {pid for root, pids in known.items() if root != process.pid for pid in [root, *pids]}
        taken |= {process.pid, os.getpid()}
        found = set(known.get(process.pid, []))
        found |= {pid for pid in all_pids() if pid not in taken and self._has_mark(pid)}
        for pid in found:
            self._remember(pid)
        return sorted(found)

    def named(self, process, name):
        """Those of `below` whose program file has this name."""
        return [pid for pid in self.below(process) if os.path.basename(executable(pid)) == name]

    def _has_mark(self, pid):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                return f"{MARK}={self.mark}".encode() in file.read().split(b"\0")
        except OSError:
            return False

    def stop(self, process, seconds=10):
        """SIGTERM, a bounded wait, SIGKILL; then the same for what it left behind.

        Returns whether it ended by itself, and the programs of the processes that it left (an upstream that sees the
        end of its stdin may take a moment: half a second is granted).
        """
        below = self.below(process) if process.poll() is None else []
        clean = True
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                clean = False
                process.kill()
                process.wait()
        if process.stdout:
            process.stdout.close()
        if process in self.started:
            self.started.remove(process)
        victims = {pid: self.seen[pid] for pid in below if pid in self.seen}
        left = self._alive(victims, 0.5)
        programs = [os.path.basename(executable(pid)) for pid in left]
        self._end(victims)
        return clean, programs

    @staticmethod
    def _alive(victims, seconds):
        """Those that still run after at most `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            alive = [pid for pid, start in victims.items() if _start_time(pid) == start]
            if not alive or time.monotonic() > deadline:
                return alive
            time.sleep(0.02)

    def _end(self, victims):
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self._alive(victims, 0):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            if not self._alive(victims, 3):
                return

    def stop_all(self):
        """Ends every process of this run and removes its directory. Safe to call twice."""
        for process in list(self.started):
            self.stop(process)
        for pid in all_pids():
            if pid != os.getpid() and self._has_mark(pid):
                self._remember(pid)
        self._end({pid: start for pid, start in self.seen.items() if pid != os.getpid()})
        shutil.rmtree(self.directory, ignore_errors=True)
