"""The proof before the figures: every proxy does the split, sticks to it, and tells the upstream."""

from dataclasses import dataclass

from .. import traffic
from ..client import Connection
from ..failure import BenchError
from .backend import LANE_PATH
from .model import CANARY, CANARY_PERCENT, STABLE, Site
from .stage import Running

USERS = 2_000
# Four standard deviations of a fair draw are 2.7 points; split_clients' hash of such keys is a little off.
TOLERANCE_POINTS = 3.0


@dataclass(frozen=True)
class Split:
    """What a proxy did with `USERS` users."""

    canary: int
    moved: int

    @property
    def share(self) -> float:
        """Percent of the users in the canary lane."""
        return 100 * self.canary / USERS


def verify(running: Running) -> Split:
    """Ask every user's lane twice; fail when the proxy would be measured doing something else than the others."""
    first, second = _lanes(running), _lanes(running)
    split = Split(
        canary=first.count(CANARY),
        moved=sum(one != two for one, two in zip(first, second, strict=True)),
    )
    if split.moved:
        raise BenchError(f"{running.proxy.name} is not sticky: {split.moved} of {USERS} users changed their lane")
    if abs(split.share - CANARY_PERCENT) > TOLERANCE_POINTS:
        raise BenchError(f"{running.proxy.name} gave {split.share:.1f} % to the canary lane, not {CANARY_PERCENT} %")
    return split


def _lanes(running: Running) -> list[str]:
    with Connection(running.site.listen) as connection:
        return [_lane(connection, number, running) for number in range(USERS)]


def _lane(connection: Connection, number: int, running: Running) -> str:
    connection.send(traffic.request(number, LANE_PATH))
    answer = connection.receive()
    if answer.status != 200:
        raise BenchError(f"{running.proxy.name} answered {answer.status} to {LANE_PATH}")
    return lane_seen(answer.body.decode(), running.site, running.proxy.name)


def lane_seen(body: str, site: Site, name: str) -> str:
    """The lane by the upstream's own account: the port that was reached must be the one of the lane in the header."""
    port, _, lane = body.partition(" ")
    expected = {str(site.stable): STABLE, str(site.canary): CANARY}.get(port)
    if lane != expected or expected is None:
        raise BenchError(f"{name}: the upstream of lane {expected} got the lane header {lane!r}")
    return lane
