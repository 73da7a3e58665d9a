"""The stage: backends and proxies, started on their cores and found answering."""

from dataclasses import dataclass
from pathlib import Path

from ..children import Child, Children
from ..client import wait_for_answer
from ..cores import Cores
from ..ports import free_ports
from .backend import backend_command
from .model import Proxy, Site

START_LIMIT = 15.0


@dataclass(frozen=True)
class Running:
    """A proxy that answers."""

    proxy: Proxy
    site: Site
    child: Child


class Stage:
    """Starts everything, always in the same way, so that no measurement has a start of its own."""

    def __init__(self, children: Children, cores: Cores, folder: Path) -> None:
        self.children = children
        self.cores = cores
        self.folder = folder
        self._stable, self._canary = free_ports(2)
        self._sites = 0

    def start_backend(self) -> None:
        """The upstreams, on the load's core."""
        site = self.site("backend")
        child = self.children.start("backend", backend_command(site), self.cores.load)
        for port in (self._stable, self._canary):
            wait_for_answer(port, START_LIMIT, child.require_alive)

    def site(self, name: str) -> Site:
        """A place for one more instance: fresh ports, a fresh folder."""
        self._sites += 1
        listen, admin = free_ports(2)
        folder = self.folder / f"{self._sites:03}-{name}"
        folder.mkdir()
        return Site(listen, admin, self._stable, self._canary, folder)

    def start(self, proxy: Proxy) -> Running:
        """One proxy on the measured core."""
        site = self.site(proxy.name)
        child = self.children.start(proxy.name, proxy.command(site), self.cores.measured)
        wait_for_answer(site.listen, START_LIMIT, child.require_alive)
        return Running(proxy, site, child)

    def stop(self, running: Running) -> None:
        """End it before the next measurement needs its core."""
        self.children.stop(running.child)
