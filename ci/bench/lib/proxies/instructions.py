"""User instructions and allocations per request of one proxy, over as many connections as all other figures.

Fewer would be faster and kinder: with 8 in step, nginx and HAProxy cost 3 % and 11 % less than with 64.
"""

from ..callgrind import START_LIMIT, Cost, cost_of_one_life, cost_per_request
from ..children import Child
from ..client import send_exactly, wait_for_answer
from ..wrk import CONNECTIONS
from .model import Proxy
from .stage import Stage


def measure_cost(stage: Stage, proxy: Proxy) -> Cost:
    """The difference of two lives under callgrind; the load is our own client's, because the number must be exact."""

    def life(count: int) -> Cost:
        site = stage.site(f"{proxy.name}-callgrind")

        def drive(child: Child) -> None:
            wait_for_answer(site.listen, START_LIMIT, child.require_alive)
            send_exactly(site.listen, count, CONNECTIONS)

        return cost_of_one_life(
            stage.children,
            proxy.name,
            proxy.command(site),
            stage.cores.measured,
            site.folder / "callgrind",
            drive,
        )

    return cost_per_request(life)
