"""HAProxy: a hash of the key decides the backend, and of two servers that are drawn the less busy one answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from .. import traffic
from .model import CANARY, CANARY_PERCENT, LANE_HEADER, PLAIN, STABLE, Site, Wants
from .version import ask_version

CONNECTIONS = 4096


@dataclass
class Haproxy:
    """A peer."""

    name: str = "haproxy"
    callgrind: bool = True

    def version(self) -> str:
        """Its version."""
        return ask_version(["haproxy", "-v"])

    def can(self, wants: Wants) -> bool:
        """All that the bench asks for."""
        return True

    def command(self, site: Site, wants: Wants = PLAIN) -> list[str]:
        """Threads of one process in the foreground; idle upstream connections are shared, as in the others."""
        key = f"urlp({traffic.QUERY_KEY})" if wants.http2_clients else "req.hdr(x-user-id)"
        conf = f"""\
global
    nbthread {wants.workers}
    maxconn {wants.connections or CONNECTIONS}
defaults
    mode http
    timeout connect 3s
    timeout client 60s
    timeout server 60s
    http-reuse always
frontend web
    bind 127.0.0.1:{site.listen}{_bind(site, wants)}
    acl canary {key},xxh32(0),mod(100) lt {CANARY_PERCENT}
    use_backend {CANARY} if canary
    default_backend {STABLE}
{_backend(STABLE, site.stable, wants)}
{_backend(CANARY, site.canary, wants)}
"""
        return ["haproxy", "-db", "-f", site.write("haproxy.cfg", conf)]


def _bind(site: Site, wants: Wants) -> str:
    if wants.certificate:
        return f" ssl crt {site.write('both.pem', wants.certificate.joined())} ssl-min-ver TLSv1.2"
    return " proto h2" if wants.http2_clients else ""


def _backend(lane: str, ports: Sequence[int], wants: Wants) -> str:
    protocol = " proto h2" if wants.http2_upstreams else ""
    servers = "\n".join(f"    server s{port} 127.0.0.1:{port}{protocol}" for port in ports)
    return f"""\
backend {lane}
    balance random(2)
    http-request set-header {LANE_HEADER} {lane}
{servers}"""
