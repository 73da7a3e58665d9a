"""nginx: USR2 and QUIT for another binary, HUP for another configuration (nginx.org, "Controlling nginx")."""

import os
import shutil
import signal
from pathlib import Path

from ..children import Child
from ..proxies.nginx_conf import nginx_command
from ..proxies.version import ask_version
from ..tree import tree
from ..wait import until
from .model import Site

WORKERS = 2


class Nginx:
    """A peer, with what its manual offers for this."""

    name = "nginx"

    def version(self) -> str:
        """Its version."""
        return ask_version(["nginx", "-v"])

    def command(self, site: Site) -> list[str]:
        """Old workers end what is under way for as long as our own drain would."""
        conf = f"""\
user root;
daemon off;
worker_processes {WORKERS};
worker_shutdown_timeout 30s;
pid {site.folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {site.folder}/body;
    proxy_temp_path {site.folder}/proxy;
    fastcgi_temp_path {site.folder}/fastcgi;
    uwsgi_temp_path {site.folder}/uwsgi;
    scgi_temp_path {site.folder}/scgi;
    keepalive_timeout 60s;
    map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
    upstream shop {{ server 127.0.0.1:{site.backend}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{site.http1};
        listen 127.0.0.1:{site.http2} http2;
        listen 127.0.0.1:{site.https} ssl;
        ssl_certificate {site.certificate.chain};
        ssl_certificate_key {site.certificate.key};
        location / {{
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_pass http://shop;
        }}
    }}
}}
"""
        _, *arguments = nginx_command(site.write("nginx.conf", conf), site.folder)
        # It runs itself again only when its parent has left, and for that it must know where it is.
        orphaned = f'"$@" & until [ -s {site.folder}/nginx.pid ]; do sleep 0.05; done'
        return ["sh", "-c", orphaned, "sh", shutil.which("nginx") or "nginx", *arguments]

    def switch(self, site: Site, child: Child, number: int) -> None:
        """The new master beside the old one, then the old one leaves."""
        current = site.folder / "nginx.pid"
        old = _pid(current)
        os.kill(old, signal.SIGUSR2)
        until("a new master with its workers", lambda: (new := _pid(current)) != old and len(tree(new)) == WORKERS + 1)
        os.kill(old, signal.SIGQUIT)
        # Until then a further USR2 is ignored.
        until("the old master has left", lambda: not Path(f"/proc/{old}").exists(), 60)

    def reload(self, site: Site, child: Child, number: int) -> None:
        """New workers beside the old ones."""
        master = _pid(site.folder / "nginx.pid")
        before = set(tree(master))
        os.kill(master, signal.SIGHUP)
        until("new workers", lambda: len(set(tree(master)) - before) == WORKERS)


def _pid(file: Path) -> int:
    """0 where it is not written yet."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0
