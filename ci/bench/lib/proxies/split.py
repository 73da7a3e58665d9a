"""The proof before the figures: every proxy does the split, sticks to it, and tells the upstream."""

import ssl
from dataclasses import dataclass

from .. import h2, traffic
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


def verify(running: Running, tls: ssl.SSLContext | None = None) -> Split:
    """Ask every user's lane twice; fail when the proxy would be measured doing something else than the others."""
    return judge(running.proxy.name, _lanes(running, tls), _lanes(running, tls))


def verify_http2(running: Running) -> Split:
    """The same over HTTP/2, with the key in the query."""
    return judge(running.proxy.name, _lanes_http2(running), _lanes_http2(running))


def judge(name: str, first: list[str], second: list[str]) -> Split:
    """The lanes of all users, asked twice."""
    split = Split(
        canary=first.count(CANARY),
        moved=sum(one != two for one, two in zip(first, second, strict=True)),
    )
    if split.moved:
        raise BenchError(f"{name} is not sticky: {split.moved} of {USERS} users changed their lane")
    if abs(split.share - CANARY_PERCENT) > TOLERANCE_POINTS:
        raise BenchError(f"{name} gave {split.share:.1f} % to the canary lane, not {CANARY_PERCENT} %")
    return split


def _lanes(running: Running, tls: ssl.SSLContext | None) -> list[str]:
    with Connection(running.site.listen, tls=tls) as connection:
        return [_lane(connection, number, running) for number in range(USERS)]


def _lane(connection: Connection, number: int, running: Running) -> str:
    connection.send(traffic.request(number, LANE_PATH))
    answer = connection.receive()
    if answer.status != 200:
        raise BenchError(f"{running.proxy.name} answered {answer.status} to {LANE_PATH}")
    return lane_seen(answer.body.decode(), running.site, running.proxy.name)


def _lanes_http2(running: Running) -> list[str]:
    paths = [f"{LANE_PATH}?{traffic.query(number)}" for number in range(USERS)]
    lines = h2.get(running.site.listen, paths).splitlines()
    # Answers of one connection come in any order.
    lanes = {line.split(" ")[-1]: lane_seen(line, running.site, running.proxy.name) for line in lines}
    if len(lanes) != USERS or len(lines) != USERS:
        raise BenchError(f"{running.proxy.name} gave {len(lines)} answers to {USERS} users over HTTP/2")
    return [lanes[traffic.user(number)] for number in range(USERS)]


def lane_seen(body: str, site: Site, name: str) -> str:
    """The lane by the upstream's own account: the port that was reached must be the one of the lane in the header."""
    port, lane, _ = words if len(words := body.split(" ")) == 3 else (body, "", "")
    expected = {str(site.stable): STABLE, str(site.canary): CANARY}.get(port)
    if lane != expected or expected is None:
        raise BenchError(f"{name}: the upstream of lane {expected} got the lane header {lane!r}")
    return lane
