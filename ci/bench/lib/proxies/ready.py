"""Time from start to the first successful answer."""

import time

from ..client import wait_for_answer
from ..cores import pinned
from ..stats import Spread, spread
from .model import Proxy
from .stage import START_LIMIT, Stage

STARTS = 20


def measure_ready(stage: Stage, proxy: Proxy, starts: int = STARTS) -> Spread:
    """Milliseconds over `starts` starts, from just before the process is made to a 200 through the whole path.

    Stricter than the gateway's own `ready` event, and the same question for every system. Asking is done on the load's
    core, so that it does not take time from the one that starts.
    """
    return spread([_one_start(stage, proxy) for _ in range(starts)])


def _one_start(stage: Stage, proxy: Proxy) -> float:
    site = stage.site(proxy.name)
    command = proxy.command(site)
    before = time.monotonic()
    child = stage.children.start(f"{proxy.name}-ready", command, stage.cores.measured)
    with pinned(stage.cores.load):
        answered = wait_for_answer(site.listen, START_LIMIT, child.require_alive)
    stage.children.stop(child)
    return (answered - before) * 1000
