"""What the bench asks of a proxy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

LANE_HEADER = "X-Gray-Version"
STABLE = "stable"
CANARY = "canary"
CANARY_PERCENT = 10
# Of each lane: with one there is nothing to choose from.
SERVERS = 2


@dataclass(frozen=True)
class Site:
    """Where one instance lives: its ports, those of each lane's servers, its folder for files of its own."""

    listen: int
    admin: int
    stable: tuple[int, ...]
    canary: tuple[int, ...]
    folder: Path

    def servers(self) -> dict[int, str]:
        """The lane of each server, by its port."""
        return {port: lane for lane, ports in ((STABLE, self.stable), (CANARY, self.canary)) for port in ports}

    def write(self, name: str, text: str) -> str:
        """Write a file of this instance; its path, for a command line."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        path.write_text(text)
        return str(path)


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, each a PEM file."""

    chain: Path
    key: Path

    def joined(self) -> str:
        """Both in one text, as HAProxy reads them."""
        return self.chain.read_text() + self.key.read_text()


@dataclass(frozen=True)
class Wants:
    """What one measurement needs beside the split; without anything, each proxy keeps its plainest configuration."""

    # Cleartext HTTP/2 with prior knowledge, from clients and to upstreams.
    http2_clients: bool = False
    http2_upstreams: bool = False
    certificate: Certificate | None = None
    workers: int = 1
    # Client connections at a time; `None` leaves each proxy what the other measurements give it.
    connections: int | None = None
    # Gigabytes in one body, passed on as they come: no proxy may keep them in files.
    large_bodies: bool = False
    # How much of the stable lane's requests the canary lane gets copies of, from those who can.
    mirror_percent: int = 1


PLAIN = Wants()


class Proxy(Protocol):
    """A program that splits 90/10 by the key, sticky, and tells the upstream the lane in X-Gray-Version.

    Of a lane's servers it asks the one with fewer requests under way, of two that are drawn.
    """

    name: str
    # Whether callgrind can run it in bounded time.
    callgrind: bool

    def version(self) -> str:
        """Its version, as the tables show it."""
        ...

    def can(self, wants: Wants) -> bool:
        """Whether it can do that at all: nginx 1.22 speaks no HTTP/2 to upstreams."""
        ...

    def command(self, site: Site, wants: Wants = PLAIN) -> list[str]:
        """Write its configuration and give its command line: foreground, no access log, 127.0.0.1 only."""
        ...
