"""nginx: split_clients (MurmurHash2 of the key), the less busy of two servers, upstreams kept alive."""

from collections.abc import Sequence
from dataclasses import dataclass

from .. import traffic
from .model import CANARY, CANARY_PERCENT, LANE_HEADER, PLAIN, STABLE, Site, Wants
from .nginx_conf import CONNECTIONS, nginx_command, nginx_conf
from .version import ask_version


@dataclass
class Nginx:
    """A peer."""

    name: str = "nginx"
    callgrind: bool = True

    def version(self) -> str:
        """Its version."""
        return ask_version(["nginx", "-v"])

    def can(self, wants: Wants) -> bool:
        """No HTTP/2 to upstreams, and for gRPC only by a module that is no proxy for anything else."""
        return not wants.http2_upstreams

    def command(self, site: Site, wants: Wants = PLAIN) -> list[str]:
        """A master and its workers, as in production; all are counted."""
        key = f"$arg_{traffic.QUERY_KEY}" if wants.http2_clients else "$http_x_user_id"
        http = f"""\
    split_clients "{key}" $lane {{
        {CANARY_PERCENT}% {CANARY};
        * {STABLE};
    }}
{_upstream(STABLE, site.stable)}
{_upstream(CANARY, site.canary)}
    server {{
        listen 127.0.0.1:{site.listen}{_listen(wants)};{_tls(wants)}{_large_bodies(wants)}
        location / {{
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header {LANE_HEADER} $lane;
            proxy_pass http://$lane;
        }}
    }}"""
        conf = nginx_conf(site.folder, http, wants.workers, wants.connections or CONNECTIONS)
        return nginx_command(site.write("nginx.conf", conf), site.folder)


def _upstream(lane: str, ports: Sequence[int]) -> str:
    """Each worker counts for itself, without a `zone`: ours share nothing either."""
    servers = " ".join(f"server 127.0.0.1:{port};" for port in ports)
    keep = "keepalive 128; keepalive_requests 1000000000;"
    return f"    upstream {lane} {{ random two least_conn; {servers} {keep} }}"


def _listen(wants: Wants) -> str:
    words = " ssl" if wants.certificate else ""
    # Where several workers share one socket, one of them may take nearly all connections.
    words += " reuseport" if wants.workers > 1 else ""
    return words + (" http2" if wants.http2_clients else "")


def _tls(wants: Wants) -> str:
    if not wants.certificate:
        return ""
    return f"""
        ssl_certificate {wants.certificate.chain};
        ssl_certificate_key {wants.certificate.key};
        ssl_protocols TLSv1.2 TLSv1.3;"""


def _large_bodies(wants: Wants) -> str:
    """Without these nginx writes what a reader is too slow for into a file, which none of the others does."""
    if not wants.large_bodies:
        return ""
    return """
        client_max_body_size 0;
        proxy_request_buffering off;
        proxy_max_temp_file_size 0;"""
