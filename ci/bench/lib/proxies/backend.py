"""The upstreams of all proxies: the cheapest programs that answer, so that the proxy is what is measured.

Each kind is a port for each server of each lane. nginx answers HTTP/1.1 and HTTP/2; it ends an answer to a request with a
body before it has read that, so gRPC is nghttpd's, which waits for the message and sends trailers; large bodies are our own
program's (`bulk`), because nginx reads a body that it throws away in pieces of 4 KB.
"""

import sys
from pathlib import Path

from .. import bulk, traffic
from .model import LANE_HEADER, Site
from .nginx_conf import nginx_command, nginx_conf

BODY_BYTES = 1024
LANE_PATH = "/lane"
GRPC_PATH = "/shop.Cart/Add.grpc"
# An uncompressed gRPC message of 32 bytes: a flag, a length, the bytes.
GRPC_MESSAGE = b"\0" + (32).to_bytes(4, "big") + b"m" * 32

# The kinds: what the upstream speaks.
HTTP1, HTTP2, GRPC, BULK = "http1", "http2", "grpc", "bulk"


def backend_commands(kind: str, site: Site) -> list[list[str]]:
    """The programs that listen on the ports of all servers of `site`."""
    if kind == GRPC:
        return [_nghttpd(site.folder, port) for port in site.servers()]
    if kind == BULK:
        return [[sys.executable, bulk.__file__, str(port)] for port in site.servers()]
    return [_nginx(site, http2=kind == HTTP2)]


def _nginx(site: Site, http2: bool) -> list[str]:
    """One worker. `/` is 1024 bytes; `/lane` says which port was asked, what the lane header held, and for which user."""
    variable = "$http_" + LANE_HEADER.lower().replace("-", "_")
    word = " http2" if http2 else ""
    listeners = "".join(f"        listen 127.0.0.1:{port}{word};\n" for port in site.servers())
    http = f"""\
    server {{
{listeners}\
        location / {{ return 200 "{"x" * BODY_BYTES}"; }}
        location = {LANE_PATH} {{ return 200 "$server_port {variable} $arg_{traffic.QUERY_KEY}\n"; }}
    }}"""
    return nginx_command(site.write("backend.conf", nginx_conf(site.folder, http)), site.folder)


def _nghttpd(folder: Path, port: int) -> list[str]:
    """One message for every call, and the trailer that ends it well."""
    root = folder / "root"
    message = root / GRPC_PATH.lstrip("/")
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_bytes(GRPC_MESSAGE)
    types = folder / "types"
    types.write_text("application/grpc grpc\n")
    trailer = ["--trailer", "grpc-status: 0"]
    return ["nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", str(root), f"--mime-types-file={types}", *trailer, str(port)]
