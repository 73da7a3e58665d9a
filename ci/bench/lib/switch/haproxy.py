"""HAProxy: USR2 to its master runs the binary anew and reloads, one and the same thing (management guide, section 4)."""

import os
import signal

from ..children import Child
from ..failure import BenchError
from ..proxies.version import ask_version
from ..tree import tree
from ..wait import until
from .model import Site

AGAIN = 5


class Haproxy:
    """A peer, with what its manual offers for this: listeners are passed on, idle connections close with an answer."""

    name = "haproxy"

    def version(self) -> str:
        """Its version."""
        return ask_version(["haproxy", "-v"])

    def command(self, site: Site) -> list[str]:
        """A master and its worker."""
        conf = f"""\
global
    nbthread 2
    maxconn 4096
    hard-stop-after 30s
    stats socket {site.folder}/haproxy.sock mode 600 level admin expose-fd listeners
defaults
    mode http
    timeout connect 3s
    timeout client 60s
    timeout server 60s
    timeout tunnel 60s
    option idle-close-on-response
frontend web
    bind 127.0.0.1:{site.http1}
    bind 127.0.0.1:{site.http2} proto h2
    bind 127.0.0.1:{site.https} ssl crt {site.write("both.pem", site.certificate.joined())} alpn http/1.1
    default_backend shop
backend shop
    server one 127.0.0.1:{site.backend}
"""
        return ["haproxy", "-W", "-f", site.write("haproxy.cfg", conf)]

    def switch(self, site: Site, child: Child, number: int) -> None:
        """The master becomes the new binary, with a new worker."""
        before = set(tree(child.pid))
        # One that reaches it while it runs itself again may be lost: it is sent until it is heeded.
        for _ in range(AGAIN):
            os.kill(child.pid, signal.SIGUSR2)
            try:
                return until("a new worker", lambda: bool(set(tree(child.pid)) - before), 2)
            except BenchError:
                child.require_alive()
        raise BenchError(f"no new worker after {AGAIN} signals")

    def reload(self, site: Site, child: Child, number: int) -> None:
        """The same."""
        self.switch(site, child, number)
