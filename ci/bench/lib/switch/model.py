"""What the bench asks of every system."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..children import Child
from ..proxies.model import Certificate


@dataclass(frozen=True)
class Site:
    """Where one system lives: its files, what it shows to clients, and its ports."""

    folder: Path
    certificate: Certificate
    http1: int
    http2: int
    https: int
    admin: int
    backend: int

    def write(self, name: str, text: str) -> str:
        """A file of that text; its path."""
        path = self.folder / name
        path.write_text(text)
        return str(path)


class System(Protocol):
    """A proxy that can be changed while it runs."""

    name: str

    def version(self) -> str:
        """Its version."""

    def command(self, site: Site) -> list[str]:
        """Its configuration is written, and this starts it in the foreground."""

    def switch(self, site: Site, child: Child, number: int) -> None:
        """The running binary is replaced, as its manual says; returns when the next one serves."""

    def reload(self, site: Site, child: Child, number: int) -> None:
        """The configuration is replaced; returns when the next one is in use."""
