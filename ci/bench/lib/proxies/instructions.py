"""User instructions and allocations per request of one proxy, over as many connections as all other figures.

Fewer would be faster and kinder: with 8 in step, nginx and HAProxy cost 3 % and 11 % less than with 64.
"""

from ..callgrind import START_LIMIT, Cost, cost_of_one_life, cost_per_request
from ..children import Child
from ..client import send_exactly, wait_for_answer
from ..wrk import CONNECTIONS
from .model import CANARY_PERCENT, PLAIN, Proxy, Wants
from .stage import Stage


def measure_copying(stage: Stage, proxy: Proxy) -> tuple[Cost, Cost]:
    """The cost of a request none of which is copied, and of one copy: what it costs more where all of a lane are copied."""
    never = measure_cost(stage, proxy, Wants(mirror_percent=0))
    always = measure_cost(stage, proxy, Wants(mirror_percent=100))
    copied = (100 - CANARY_PERCENT) / 100
    return never, Cost(
        (always.instructions - never.instructions) / copied, (always.allocations - never.allocations) / copied
    )


def measure_cost(stage: Stage, proxy: Proxy, wants: Wants = PLAIN) -> Cost:
    """The difference of two lives under callgrind; the load is our own client's, because the number must be exact."""

    def life(count: int) -> Cost:
        site = stage.site(f"{proxy.name}-callgrind")

        def drive(child: Child) -> None:
            wait_for_answer(site.listen, START_LIMIT, child.require_alive)
            send_exactly(site.listen, count, CONNECTIONS)

        return cost_of_one_life(
            stage.children,
            proxy.name,
            proxy.command(site, wants),
            stage.cores.measured,
            site.folder / "callgrind",
            drive,
        )

    return cost_per_request(life)
