"""One run of the load client (bench/load.c)."""

import json
import subprocess

from .processes import BenchError
from .tools import PROGRAMS


class Load:
    """Runs the load client with the environment and the bookkeeping of `processes`."""

    def __init__(self, processes):
        self.processes = processes
        #: Cores that the client may use; None: all.
        self.cores = None

    def _run(self, arguments, limit):
        process = self.processes.start([PROGRAMS / "load", *arguments], stdout=subprocess.PIPE, cores=self.cores)
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            raise BenchError(f"the load client did not end within {limit:.0f} s") from None
        finally:
            self.processes.stop(process)
        if process.returncode:
            raise BenchError("the load client could not run (connection refused?)")
        return json.loads(output)

    def _amount(self, connections, seconds, warmup, requests):
        options = ["--connections", connections, "--warmup", warmup]
        return options + (["--requests", requests] if requests else ["--seconds", seconds])

    def http(self, port, path, body, connections=1, seconds=1.0, warmup=0.05, requests=0):
        where = ["--port", port, "--path", path, "--body", body]
        return self._run(where + self._amount(connections, seconds, warmup, requests), seconds + warmup + 40)

    def stdio(self, upstream, connections=1, seconds=1.0, warmup=0.05):
        amount = self._amount(connections, seconds, warmup, 0)
        return self._run(["--stdio", *amount, "--", *upstream], seconds + warmup + 40)
