"""Keeping track of descendants, for scripts/run and scripts/test.

A daemon's workers outlive it by design, so "the daemon ended" does not say that everything ended. A subreaper inherits
its orphaned descendants; whatever is left over is then a child, and can be named and ended.
"""

import ctypes
import os
import signal
import time

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True)


def become_subreaper():
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def end_with_parent():
    """For preexec_fn: SIGTERM when the parent dies, kill -9 of it included."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def end_group(process, patience):
    """SIGTERM to a process and its group, after `patience` seconds SIGKILL; returns when it is gone."""
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass
        try:
            process.wait(timeout=seconds)
            return
        except Exception:  # subprocess.TimeoutExpired: the next signal
            continue


def leftovers():
    """The living children of this process: {pid: command line}. Dead ones are reaped on the way."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        return {}
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stat:
                state, parent = stat.read().rpartition(")")[2].split()[:2]
            with open(f"/proc/{entry}/cmdline", "rb") as line:
                command = line.read().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue  # ended while we looked
        if int(parent) == os.getpid() and state != "Z":
            found[int(entry)] = command[:100]
    return found


def end_leftovers(patience=5.0):
    """Ends every leftover and what becomes one by that: SIGTERM, after `patience` seconds SIGKILL. Returns the first
    set that was found."""
    first = leftovers()
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, patience)):
        deadline = time.monotonic() + seconds
        signalled = set()
        while (alive := leftovers()) and time.monotonic() < deadline:
            for pid in alive.keys() - signalled:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
                signalled.add(pid)
            time.sleep(0.05)
    return first
