"""System calls and allocations of running processes, per call."""

import signal
import struct
import subprocess
import time
from pathlib import Path

from .processes import BenchError


def system_calls(processes, strace, pids, work):
    """Runs `work` (returns how many calls it made) under strace of all threads; name -> system calls per call.

    What attaching and connecting costs is in it: a handful over all calls, below 0.02 per call.
    """
    log = Path(processes.directory) / f"strace-{pids[0]}.log"
    summary = log.with_suffix(".summary")
    attach = [option for pid in pids for option in ("-p", pid)]
    process = processes.start([strace, "-f", "-c", "-U", "calls,name", "-o", summary, *attach], log=log)
    deadline = time.monotonic() + 5
    while "attached" not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            reason = (log.read_text(errors="replace").strip() or "it did not attach within 5 s").splitlines()[0]
            processes.stop(process)
            raise BenchError(f"strace: {reason}")
        time.sleep(0.02)
    try:
        calls = work()
        process.send_signal(signal.SIGINT)  # strace detaches and writes its summary
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            raise BenchError("strace did not end") from None
    finally:
        processes.stop(process)
    counts = {}
    for line in summary.read_text(errors="replace").splitlines():
        words = line.split()
        if len(words) == 2 and words[0].isdigit() and words[1] != "total":
            counts[words[1]] = int(words[0]) / calls
    if not counts:
        raise BenchError("strace wrote no summary")
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


class AllocationCounters:
    """The counter files of bench/malloccount.c."""

    def __init__(self, processes, shim):
        self.directory = Path(processes.directory) / "malloc"
        self.directory.mkdir()
        self.environment = {"LD_PRELOAD": str(shim), "MALLOCCOUNT_DIR": str(self.directory)}

    def read(self, pid):
        """Allocations and bytes so far. An error when the process does not run with the shim."""
        try:
            allocations, _, size = struct.unpack("=QQQ", (self.directory / str(pid)).read_bytes())
        except (OSError, struct.error):
            raise BenchError("LD_PRELOAD does not reach this process") from None
        return allocations, size
