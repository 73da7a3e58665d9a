"""Two workers beside one: what it costs a request that there is another thread.

Both have the same two cores to run on; on a machine with two, the load and the upstream have one of them as well, so that a
worker is often interrupted there. nginx with two workers beside itself with one shows how much of that is the machine's.
"""

from functools import partial
from pathlib import Path

from .. import wrk
from .model import Proxy, Wants
from .plans import BY_KEY, ONE, TWO
from .results import Results
from .scene import cpu_of
from .series import measure_series
from .split import verify
from .stage import Running, Stage


def measure_workers(stage: Stage, proxies: list[Proxy], rounds: int, seconds: int, results: Results) -> None:
    """CPU per request of HTTP/1.1, as in the main part."""
    script = wrk.write_script(stage.folder)
    for proxy in proxies:
        if (plan := BY_KEY.get(f"workers_{proxy.name}")) is None:
            continue
        systems = {
            name: stage.start(proxy, Wants(workers=workers), cores=stage.cores.pair)
            for name, workers in ((ONE, 1), (TWO, 2))
        }
        for system in systems.values():
            verify(system)
            _window(stage.cores.load, script, 1, system)
        window = partial(_window, stage.cores.load, script, seconds)
        results.series[plan.key] = measure_series(f"{plan.title} workers", plan.unit, systems, rounds, window)
        for system in systems.values():
            stage.stop(system)


def _window(core: int, script: Path, seconds: int, running: Running) -> float:
    return cpu_of(running, lambda: wrk.run(running.site.listen, seconds, core, script, lambda: None).requests) / 1000
