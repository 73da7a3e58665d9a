"""HAProxy: a hash of the key decides the backend."""

from dataclasses import dataclass

from .model import CANARY, CANARY_PERCENT, LANE_HEADER, STABLE, Site
from .version import ask_version


@dataclass
class Haproxy:
    """A peer."""

    name: str = "haproxy"
    callgrind: bool = True

    def version(self) -> str:
        """Its version."""
        return ask_version(["haproxy", "-v"])

    def command(self, site: Site) -> list[str]:
        """One thread in the foreground; idle upstream connections are shared, as in the others."""
        conf = f"""\
global
    nbthread 1
    maxconn 4096
defaults
    mode http
    timeout connect 3s
    timeout client 60s
    timeout server 60s
    http-reuse always
frontend web
    bind 127.0.0.1:{site.listen}
    acl canary req.hdr(x-user-id),xxh32(0),mod(100) lt {CANARY_PERCENT}
    use_backend {CANARY} if canary
    default_backend {STABLE}
{_backend(STABLE, site.stable)}
{_backend(CANARY, site.canary)}
"""
        return ["haproxy", "-db", "-f", site.write("haproxy.cfg", conf)]


def _backend(lane: str, port: int) -> str:
    return f"""\
backend {lane}
    http-request set-header {LANE_HEADER} {lane}
    server one 127.0.0.1:{port}"""
