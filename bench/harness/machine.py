"""Figures of processes and of the machine, read from /proc; and which cores a process may use."""

import os
import platform
import time

from .processes import BenchError


def cpu_seconds(pids):
    """CPU time of the processes so far, ended threads included.

    Read from each process's CPU clock (clock_getcpuclockid(3)), which counts nanoseconds where /proc/<pid>/stat counts
    clock ticks of 10 ms. A process that is gone is an error: its figures would be wrong.
    """
    try:
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)  # 2: CPUCLOCK_SCHED, the whole process
    except OSError:
        raise BenchError("a process that was being measured has ended or was restarted") from None


def thread_ids(pid):
    return [int(name) for name in os.listdir(f"/proc/{pid}/task")]


def allow_cores(pids, cores):
    """Restricts every thread of the processes to `cores`."""
    for pid in pids:
        try:
            for thread in thread_ids(pid):
                os.sched_setaffinity(thread, cores)
        except OSError:
            continue  # ended just now; whoever reads its CPU time says so


def memory(pid):
    """PSS and private memory in bytes, and the anonymous part of the PSS."""
    values = {}
    with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        for line in file:
            name, _, rest = line.partition(b":")
            if rest.strip().endswith(b"kB"):
                values[name.decode()] = int(rest.split()[0]) * 1024
    return {
        "pss": values["Pss"],
        "pss_anonymous": values.get("Pss_Anon", 0),
        "private": values["Private_Clean"] + values["Private_Dirty"],
    }


def threads(pid):
    return len(thread_ids(pid))


def busy_share(seconds=0.5):
    """Share of all cores that was busy in the next `seconds`: 0 on an idle machine."""

    def sample():
        with open("/proc/stat", "rb") as file:
            fields = [int(field) for field in file.readline().split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    total, idle = sample()
    time.sleep(seconds)
    total_after, idle_after = sample()
    elapsed = total_after - total
    return 1 - (idle_after - idle) / elapsed if elapsed else 0.0


def description():
    model = ""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "")
    except OSError:
        pass
    return {"cores": os.cpu_count(), "cpu": model, "kernel": platform.release(), "machine": platform.machine()}
