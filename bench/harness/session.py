"""One run of the bench: what is started when, what is measured in which order."""

import datetime
import os
import statistics
import time
from dataclasses import dataclass

from . import machine, tools
from .counting import AllocationCounters, system_calls
from .load import Load
from .processes import BenchError
from .targets import Direct, DirectHTTP, Nginx, Relay, UpstreamHTTP, Warmplane

#: The measurements: name -> connections, and whether the client and all measured processes share one core.
#: One connection wakes one process after the other, and whether they wake on the same core is up to the scheduler: on a
#: small virtual machine that alone is a factor of two. With one core the figure repeats.
ONE, ONE_CORE, MANY = "one", "one_core", "many"
MODES = {ONE: (1, False), ONE_CORE: (1, True), MANY: (64, False)}
#: Length of the answer that nginx gives when warmplane is not there to copy it from.
DEFAULT_BODY = 200


@dataclass
class Plan:
    """How much is measured. `requests`: calls under strace and under the allocation counter."""

    rounds: int = 12
    seconds: float = 0.3
    requests: int = 2000
    idle_workers: int = 20
    settle: float = 3.0

    @staticmethod
    def quick():
        return Plan(rounds=4, seconds=0.1, requests=500, settle=1.0)

    def bound(self):
        """Seconds after which the run is given up: 175, more only when more rounds are asked for."""
        return max(175, 100 + self.rounds * len(MODES) * 5 * (self.seconds + 0.15))


class Session:
    """Measures; knows nothing of how it is shown (report.py)."""

    def __init__(self, processes, binaries, plan, say):
        self.processes, self.binaries, self.plan, self.say = processes, binaries, plan, say
        self.load = Load(processes)
        self.notes = []

    def measure(self):
        busy = machine.busy_share()
        result = {
            "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "revision": tools.revision(),
            "machine": machine.description() | {"busy_before": round(busy, 3)},
            "plan": self.plan.__dict__,
            "binaries": str(self.binaries) if self.binaries else None,
            "notes": self.notes,
        }
        result |= self._speed()
        if self.binaries:
            result["memory"] = self._memory()
            result["allocations"] = self._allocations()
        return result

    # MARK: speed, CPU time, system calls

    def _speed(self):
        targets = [Direct(self.load), Relay(self.processes, self.load)]
        warmplane = None
        body_bytes = DEFAULT_BODY
        if self.binaries:
            self.say("starting a daemon with one upstream")
            warmplane = Warmplane(self.processes, self.load, self.binaries, "speed")
            body_bytes = len(warmplane.answer)
            targets.append(warmplane)
        upstream = UpstreamHTTP(self.processes)
        targets.append(DirectHTTP(self.processes, self.load, upstream))
        over_http = None
        if self.binaries:
            over_http = Warmplane(self.processes, self.load, self.binaries, "http", url=upstream.url)
            targets.append(over_http)
        nginx_version = None
        try:
            program, nginx_version = tools.find_nginx(self.say)
            targets.append(Nginx(self.processes, self.load, program, body_bytes))
            targets.append(Nginx(self.processes, self.load, program, body_bytes, workers=1))
            targets[-1].name = "nginx, 1 worker"
        except BenchError as error:
            self.notes.append(f"nginx was not measured: {error}")
        groups = {target.name: target.groups() for target in targets}
        rounds, cpu = self._rounds(targets, groups)
        calls = self._system_calls([target for target in targets if hasattr(target, "process")], groups)
        threads = {
            label: machine.threads(pids[0]) for group in groups.values() for label, pids in group.items() if pids
        }
        memory = {label: self._pss(pids[0]) for group in groups.values() for label, pids in group.items() if pids}
        for target in targets:
            if target is warmplane or target is over_http:
                self._stop(target)
            elif hasattr(target, "process"):
                self.processes.stop(target.process)
        self.processes.stop(upstream.process)
        return {
            "nginx": nginx_version,
            "body_bytes": body_bytes,
            "rounds": rounds,
            "medians": self._medians(rounds),
            "cpu_us": cpu,
            "system_calls": calls,
            "threads": threads,
            "pss_after_load": memory,
        }

    def _rounds(self, targets, groups):
        """All targets in turn, `rounds` times, so that a slow minute of the machine hits every one of them."""
        rounds = {target.name: {mode: [] for mode in MODES} for target in targets}
        used = {}
        for number in range(1, self.plan.rounds + 1):
            self.say(f"round {number} of {self.plan.rounds}")
            for mode in MODES:
                for target in targets:
                    pids = groups[target.name]
                    before = {label: machine.cpu_seconds(group) for label, group in pids.items()}
                    figures = self._figures(target, mode, [pid for group in pids.values() for pid in group])
                    rounds[target.name][mode].append(figures)
                    for label, group in pids.items():
                        seconds, calls = used.get((label, mode), (0.0, 0))
                        seconds += machine.cpu_seconds(group) - before[label]
                        used[label, mode] = (seconds, calls + figures["total"])
        cpu = {}
        for (label, mode), (seconds, calls) in used.items():
            cpu.setdefault(label, {})[mode] = seconds / calls * 1e6
        return rounds, cpu

    def _figures(self, target, mode, pids):
        connections, one_core = MODES[mode]
        every_core = os.sched_getaffinity(0)
        if one_core:
            self.load.cores = {max(every_core)}
            machine.allow_cores(pids, self.load.cores)
        try:
            figures = target.run(connections, self.plan.seconds)
        finally:
            if one_core:
                self.load.cores = None
                machine.allow_cores(pids, every_core)
        if figures["aborted"] or figures["errors"] or not figures["requests"]:
            reason = figures["aborted"] or f"{figures['errors']} errors in {figures['total']} calls"
            raise BenchError(f"{target.name} at {connections} connections: {reason}")
        return figures

    @staticmethod
    def _medians(rounds):
        return {
            name: {
                mode: {
                    key: statistics.median(figures[key] for figures in runs)
                    for key in ("p50_us", "p90_us", "p99_us", "max_us", "rate")
                }
                for mode, runs in by_mode.items()
            }
            for name, by_mode in rounds.items()
        }

    def _system_calls(self, targets, groups):
        """Label -> {"total", "by_name"} or {"reason"}; one process at a time, one connection."""
        result = {}
        wanted = ("daemon", "worker", "daemon, HTTP", "worker, HTTP", "relay front", "relay worker")
        try:
            strace = tools.find_strace(self.say)
        except BenchError as error:
            return {label: {"reason": str(error)} for label in wanted}
        self.say("counting system calls")
        for target in targets:
            for label, pids in groups[target.name].items():
                if label not in wanted or not pids:
                    continue

                def work(target=target):
                    figures = target.run(1, requests=self.plan.requests)
                    if figures["errors"] or not figures["total"]:
                        raise BenchError(f"{figures['errors']} errors under strace")
                    return figures["total"]

                try:
                    by_name = system_calls(self.processes, strace, pids[:1], work)
                    result[label] = {"total": sum(by_name.values()), "by_name": by_name}
                except BenchError as error:
                    result[label] = {"reason": str(error)}
        return result

    # MARK: memory

    def _memory(self):
        count = self.plan.idle_workers
        self.say(f"starting a daemon with {count} upstreams")
        began = time.monotonic()
        target = Warmplane(self.processes, self.load, self.binaries, "idle", servers=count)
        ready = time.monotonic() - began
        time.sleep(self.plan.settle)
        groups = target.groups()
        workers = groups["worker"]
        if len(workers) != count:
            raise BenchError(f"{len(workers)} processes named warmplane-worker found, {count} expected")
        figures = {
            "ready_seconds": ready,
            "workers": [self._pss(pid) for pid in workers],
            "daemon": self._pss(target.process.pid),
            "upstream": self._pss(groups["its upstream"][0]) if groups["its upstream"] else None,
            "threads": {"daemon": machine.threads(target.process.pid), "worker": machine.threads(workers[0])},
        }
        self._stop(target)
        return figures

    def _pss(self, pid):
        try:
            return machine.memory(pid)
        except OSError as error:
            note = f"memory was not measured: /proc/<pid>/smaps_rollup: {error.strerror}"
            if note not in self.notes:
                self.notes.append(note)
            return None

    # MARK: allocations

    def _allocations(self):
        """Label -> {"count", "bytes"} per call, or {"reason"}. A daemon of its own, for the shim slows it down."""
        self.say("counting allocations")
        counters = AllocationCounters(self.processes, tools.PROGRAMS / "malloccount.so")
        target = Warmplane(self.processes, self.load, self.binaries, "malloc", environment=counters.environment)
        target.run(1, requests=self.plan.requests)  # caches and pools are filled
        groups = {label: pids for label, pids in target.groups().items() if label in ("daemon", "worker") and pids}
        result, before = {}, {}
        for label, pids in groups.items():
            try:
                before[label] = counters.read(pids[0])
            except BenchError as error:
                result[label] = {"reason": str(error)}
        calls = target.run(1, requests=self.plan.requests)["total"]
        for label, (count, size) in before.items():
            count_after, size_after = counters.read(groups[label][0])
            result[label] = {"count": (count_after - count) / calls, "bytes": (size_after - size) / calls}
        self._stop(target)
        return result

    def _stop(self, target):
        problem = target.stop()
        if problem:
            self.notes.append(f"{target.name}: {problem}")
