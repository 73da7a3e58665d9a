"""The proof before the figures: every proxy does the split, sticks to it, tells the upstream, and asks all servers.

All of it is told by the answers that clients got. What a mirror sends besides is answered to nobody, so no count has it.
"""

import ssl
from dataclasses import dataclass

from .. import h2, traffic
from ..client import Connection
from ..failure import BenchError
from .backend import LANE_PATH
from .model import CANARY, CANARY_PERCENT, Site
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


@dataclass(frozen=True)
class Seen:
    """Which server of which lane one user was given."""

    lane: str
    port: int


def verify(running: Running, tls: ssl.SSLContext | None = None) -> Split:
    """Ask every user's lane twice; fail when the proxy would be measured doing something else than the others."""
    return judge(running.proxy.name, running.site, _asked(running, tls), _asked(running, tls))


def verify_http2(running: Running) -> Split:
    """The same over HTTP/2, with the key in the query."""
    return judge(running.proxy.name, running.site, _asked_http2(running), _asked_http2(running))


def judge(name: str, site: Site, first: list[Seen], second: list[Seen]) -> Split:
    """What all users were given, asked twice."""
    split = Split(
        canary=sum(each.lane == CANARY for each in first),
        moved=sum(one.lane != two.lane for one, two in zip(first, second, strict=True)),
    )
    if split.moved:
        raise BenchError(f"{name} is not sticky: {split.moved} of {USERS} users changed their lane")
    if abs(split.share - CANARY_PERCENT) > TOLERANCE_POINTS:
        raise BenchError(f"{name} gave {split.share:.1f} % to the canary lane, not {CANARY_PERCENT} %")
    # Who keeps to one server of a lane has nothing to choose.
    if unasked := site.servers().keys() - {each.port for each in first}:
        lanes = ", ".join(sorted(site.servers()[port] for port in unasked))
        raise BenchError(f"{name} asked not all servers; those without a request are of: {lanes}")
    return split


def _asked(running: Running, tls: ssl.SSLContext | None) -> list[Seen]:
    with Connection(running.site.listen, tls=tls) as connection:
        return [_ask(connection, number, running) for number in range(USERS)]


def _ask(connection: Connection, number: int, running: Running) -> Seen:
    connection.send(traffic.request(number, LANE_PATH))
    answer = connection.receive()
    if answer.status != 200:
        raise BenchError(f"{running.proxy.name} answered {answer.status} to {LANE_PATH}")
    return seen(answer.body.decode(), running.site, running.proxy.name)


def _asked_http2(running: Running) -> list[Seen]:
    paths = [f"{LANE_PATH}?{traffic.query(number)}" for number in range(USERS)]
    lines = h2.get(running.site.listen, paths).splitlines()
    # Answers of one connection come in any order.
    users = {line.split(" ")[-1]: seen(line, running.site, running.proxy.name) for line in lines}
    if len(users) != USERS or len(lines) != USERS:
        raise BenchError(f"{running.proxy.name} gave {len(lines)} answers to {USERS} users over HTTP/2")
    return [users[traffic.user(number)] for number in range(USERS)]


def seen(body: str, site: Site, name: str) -> Seen:
    """By the upstream's own account: the port that was reached must be one of the lane in the header."""
    port, lane, _ = words if len(words := body.split(" ")) == 3 else (body, "", "")
    expected = {str(each): lane for each, lane in site.servers().items()}.get(port)
    if lane != expected or expected is None:
        raise BenchError(f"{name}: the upstream of lane {expected} got the lane header {lane!r}")
    return Seen(lane, int(port))
