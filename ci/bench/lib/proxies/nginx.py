"""nginx: split_clients (MurmurHash2 of the key), upstreams kept alive."""

from dataclasses import dataclass

from .model import CANARY, CANARY_PERCENT, LANE_HEADER, STABLE, Site
from .nginx_conf import nginx_command, nginx_conf
from .version import ask_version


@dataclass
class Nginx:
    """A peer."""

    name: str = "nginx"
    callgrind: bool = True

    def version(self) -> str:
        """Its version."""
        return ask_version(["nginx", "-v"])

    def command(self, site: Site) -> list[str]:
        """A master and one worker, as in production; both are counted."""
        http = f"""\
    split_clients "$http_x_user_id" $lane {{
        {CANARY_PERCENT}% {CANARY};
        * {STABLE};
    }}
    upstream {STABLE} {{ server 127.0.0.1:{site.stable}; keepalive 128; keepalive_requests 1000000000; }}
    upstream {CANARY} {{ server 127.0.0.1:{site.canary}; keepalive 128; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{site.listen};
        location / {{
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header {LANE_HEADER} $lane;
            proxy_pass http://$lane;
        }}
    }}"""
        return nginx_command(site.write("nginx.conf", nginx_conf(site.folder, http)), site.folder)
