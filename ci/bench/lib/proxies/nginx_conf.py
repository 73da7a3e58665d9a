"""What every nginx of the bench has in common, backend and peer."""

from pathlib import Path


CONNECTIONS = 4096


def nginx_conf(folder: Path, http: str, workers: int = 1, connections: int = CONNECTIONS) -> str:
    """A configuration around `http`: all files in `folder`, no logs but errors.

    Connections are kept for good: reconnecting every 1000 requests, the default, would be counted as a proxy's cost.
    """
    return f"""\
user root;
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
{http}
}}
"""


def nginx_command(conf: str, folder: Path) -> list[str]:
    """The command line; `-e` also keeps the first messages out of the system's log folder."""
    return ["nginx", "-e", "stderr", "-p", str(folder), "-c", conf]
