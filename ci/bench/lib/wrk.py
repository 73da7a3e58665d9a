"""Load by wrk: many connections, many users, and numbers that a script can read."""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import traffic
from .cores import pinned
from .failure import BenchError

CONNECTIONS = 64
MARK = "bench-summary "

_SCRIPT = """\
local requests, last = {}, %(users)d
local turn = 0

init = function(args)
  for number = 0, last - 1 do
    wrk.headers["%(key)s"] = string.format("user-%%06d", number)
    requests[number] = wrk.format("GET", "/")
  end
end

request = function()
  turn = (turn + 1) %% last
  return requests[turn]
end

done = function(summary, latency, requests)
  local e = summary.errors
  local form = '%(mark)s{"requests":%%d,"microseconds":%%d,"p50":%%d,"p99":%%d,"refused":%%d,"broken":%%d}\\n'
  io.write(string.format(form,
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What one run of wrk did, in its own count."""

    requests: int
    seconds: float
    p50_us: int
    p99_us: int
    # Socket errors and time-outs: some may happen on a busy machine, and are shown.
    broken: int

    @property
    def per_second(self) -> float:
        """Requests per second. Not a ranking: wrk and the backend share a core."""
        return self.requests / self.seconds


def write_script(folder: Path) -> Path:
    """The lua file that wrk reads: every request of the cycle is made once, before the clock starts."""
    headers = "".join(
        f'wrk.headers["{name}"] = "{value}"\n'
        for name, value in {"Host": traffic.HOST, **traffic.PLAIN_HEADERS}.items()
    )
    path = folder / "users.lua"
    path.write_text(headers + _SCRIPT % {"users": traffic.USERS, "key": traffic.KEY, "mark": MARK})
    return path


def run(
    port: int,
    seconds: int,
    core: int,
    script: Path,
    halfway: Callable[[], None],
    connections: int = CONNECTIONS,
) -> Load:
    """Run wrk on `core` for whole seconds; `halfway` is called once in the middle, with all connections open."""
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script)]
    with pinned(core):
        process = subprocess.Popen(
            [*argv, f"http://127.0.0.1:{port}/"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        # The load is measured by the clock, so here the clock is the condition that is waited for.
        time.sleep(seconds / 2)
        halfway()
        output, _ = process.communicate(timeout=seconds + 20)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"wrk did not end {seconds + 20} s after its start") from error
    finally:
        process.kill()
        process.wait()
    return parse(output)


def parse(output: str) -> Load:
    """The summary that our script printed."""
    for line in output.splitlines():
        if line.startswith(MARK):
            return _load(json.loads(line.removeprefix(MARK)))
    raise BenchError(f"wrk printed no summary: {output.strip()[-300:]}")


def _load(summary: dict[str, int]) -> Load:
    if summary["refused"]:
        raise BenchError(f"{summary['refused']} of {summary['requests']} answers were errors: no basis for a figure")
    if not summary["requests"]:
        raise BenchError("wrk got no answer at all")
    return Load(
        requests=summary["requests"],
        seconds=summary["microseconds"] / 1e6,
        p50_us=summary["p50"],
        p99_us=summary["p99"],
        broken=summary["broken"],
    )
