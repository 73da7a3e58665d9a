"""The upstream of all proxies: nginx, because it is the cheapest thing that answers."""

from .model import LANE_HEADER, Site
from .nginx_conf import nginx_command, nginx_conf

BODY_BYTES = 1024
LANE_PATH = "/lane"


def backend_command(site: Site) -> list[str]:
    """One worker on two ports. `/` is 1024 bytes; `/lane` says which port was asked and what the lane header held."""
    variable = "$http_" + LANE_HEADER.lower().replace("-", "_")
    http = f"""\
    server {{
        listen 127.0.0.1:{site.stable};
        listen 127.0.0.1:{site.canary};
        location / {{ return 200 "{"x" * BODY_BYTES}"; }}
        location = {LANE_PATH} {{ return 200 "$server_port {variable}"; }}
    }}"""
    return nginx_command(site.write("backend.conf", nginx_conf(site.folder, http)), site.folder)
