"""What the bench asks of a proxy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

LANE_HEADER = "X-Gray-Version"
STABLE = "stable"
CANARY = "canary"
CANARY_PERCENT = 10


@dataclass(frozen=True)
class Site:
    """Where one instance lives: its ports, its backends' ports, its folder for files of its own."""

    listen: int
    admin: int
    stable: int
    canary: int
    folder: Path

    def write(self, name: str, text: str) -> str:
        """Write a file of this instance; its path, for a command line."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        path.write_text(text)
        return str(path)


class Proxy(Protocol):
    """A program that splits 90/10 by X-User-Id, sticky, and tells the upstream the lane in X-Gray-Version."""

    name: str
    # Whether callgrind can run it in bounded time.
    callgrind: bool

    def version(self) -> str:
        """Its version, as the tables show it."""
        ...

    def command(self, site: Site) -> list[str]:
        """Write its configuration and give its command line: one worker, foreground, no access log, 127.0.0.1 only."""
        ...
