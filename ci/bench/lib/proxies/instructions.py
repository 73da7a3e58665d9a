"""User instructions per request of one proxy."""

from ..callgrind import START_LIMIT, instructions_per_request, total_of_one_life
from ..children import Child
from ..client import send_exactly, wait_for_answer
from .model import Proxy
from .stage import Stage

# As many connections in step as find each other in one epoll_wait under load; more only make the warm-up longer.
CONNECTIONS = 8


def measure_instructions(stage: Stage, proxy: Proxy) -> float:
    """The difference of two lives under callgrind."""

    def life(count: int) -> int:
        site = stage.site(f"{proxy.name}-callgrind")

        def drive(child: Child) -> None:
            wait_for_answer(site.listen, START_LIMIT, child.require_alive)
            send_exactly(site.listen, count, CONNECTIONS)

        return total_of_one_life(
            stage.children,
            proxy.name,
            proxy.command(site),
            stage.cores.measured,
            site.folder / "callgrind",
            drive,
        )

    return instructions_per_request(life)
