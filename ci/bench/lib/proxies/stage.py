"""The stage: backends and proxies, started on their cores and found answering."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from ..children import Child, Children
from ..client import wait_for_answer, wait_for_listener
from ..cores import Cores
from ..ports import free_ports
from .backend import HTTP1, backend_commands
from .model import PLAIN, SERVERS, Proxy, Site, Wants

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
        self._backends: dict[str, list[int]] = {}
        self._sites = 0

    def site(self, name: str, kind: str = HTTP1) -> Site:
        """A place for one more instance: fresh ports, a fresh folder, and upstreams of that kind, which are started
        with the first instance that needs them."""
        if kind not in self._backends:
            self._start_backend(kind)
        return self._site(name, self._backends[kind])

    def start(
        self,
        proxy: Proxy,
        wants: Wants = PLAIN,
        kind: str = HTTP1,
        cores: tuple[int, ...] = (),
        tls: ssl.SSLContext | None = None,
    ) -> Running:
        """One proxy, on the measured core where no others are named."""
        site = self.site(proxy.name, kind)
        child = self.children.start(proxy.name, proxy.command(site, wants), *(cores or (self.cores.measured,)))
        if wants.http2_clients:
            wait_for_listener(site.listen, START_LIMIT, child.require_alive)
        else:
            wait_for_answer(site.listen, START_LIMIT, child.require_alive, tls)
        return Running(proxy, site, child)

    def stop(self, running: Running) -> None:
        """End it before the next measurement needs its core."""
        self.children.stop(running.child)

    def _start_backend(self, kind: str) -> None:
        """On the load's core."""
        ports = free_ports(2 * SERVERS)
        site = self._site(f"backend-{kind}", ports)
        started = [self.children.start(site.folder.name, argv, self.cores.load) for argv in backend_commands(kind, site)]

        def alive() -> None:
            for child in started:
                child.require_alive()

        for port in ports:
            wait_for_listener(port, START_LIMIT, alive)
        self._backends[kind] = ports

    def _site(self, name: str, servers: list[int]) -> Site:
        """The first half of the servers is the stable lane's."""
        self._sites += 1
        listen, admin = free_ports(2)
        folder = self.folder / f"{self._sites:03}-{name}"
        folder.mkdir()
        return Site(listen, admin, tuple(servers[:SERVERS]), tuple(servers[SERVERS:]), folder)
