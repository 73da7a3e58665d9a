"""One large body through one proxy: how fast it went, and what it cost."""

import ssl
from dataclasses import dataclass

from ..bulk import download, upload
from ..cores import pinned
from .scene import cpu_of
from .stage import Running, Stage

WAYS = {"download": download, "upload": upload}
GB = 1e9
MB = 1e6

_SMALL = 1_000_000


@dataclass(frozen=True)
class Transfer:
    """What a body of known length took."""

    megabytes_per_second: float
    cpu_ms_per_gigabyte: float


def transfer(stage: Stage, running: Running, way: str, count: int, tls: ssl.SSLContext | None = None) -> Transfer:
    """`count` bytes over one new connection; client and upstream share the load's core."""
    seconds = 0.0

    def load() -> float:
        nonlocal seconds
        with pinned(stage.cores.load):
            seconds = WAYS[way](running.site.listen, count, tls)
        return count / GB

    cost = cpu_of(running, load) / 1e6
    return Transfer(count / MB / seconds, cost)


def prove_transfer(running: Running, tls: ssl.SSLContext | None = None) -> None:
    """Both ways, to the last byte; the client counts them."""
    for way in WAYS.values():
        way(running.site.listen, _SMALL, tls)
