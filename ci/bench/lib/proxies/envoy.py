"""Envoy: weighted clusters with a hash policy on the key."""

import json
from dataclasses import dataclass
from pathlib import Path

from .. import traffic
from .model import CANARY, CANARY_PERCENT, LANE_HEADER, STABLE, Site
from .version import ask_version

_TYPES = "type.googleapis.com/envoy.extensions.filters"


@dataclass
class Envoy:
    """A peer, shown and not part of the mean: it does much more than the others for a request."""

    binary: Path
    name: str = "envoy"
    # A binary of 100 MB needs minutes under valgrind.
    callgrind: bool = False

    def version(self) -> str:
        """Its version."""
        return ask_version([str(self.binary), "--version"])

    def command(self, site: Site) -> list[str]:
        """One worker; hot restart off, because its shared memory has one name per machine."""
        config = site.write("envoy.json", json.dumps(envoy_config(site)))
        return [str(self.binary), "-c", config, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]


def envoy_config(site: Site) -> dict[str, object]:
    """The static configuration; no admin listener, no access log, no headers beyond the lane."""
    manager = {
        "@type": f"{_TYPES}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "web",
        "generate_request_id": False,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [_route()]}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPES}.http.router.v3.Router", "suppress_envoy_headers": True},
            }
        ],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    listener = {"name": "web", "address": _address(site.listen), "filter_chains": [{"filters": filters}]}
    clusters = [_cluster(STABLE, site.stable), _cluster(CANARY, site.canary)]
    return {"static_resources": {"listeners": [listener], "clusters": clusters}}


def _route() -> dict[str, object]:
    weighted = [_weighted(STABLE, 100 - CANARY_PERCENT), _weighted(CANARY, CANARY_PERCENT)]
    return {
        "match": {"prefix": "/"},
        "route": {
            "weighted_clusters": {"clusters": weighted, "use_hash_policy": True},
            "hash_policy": [{"header": {"header_name": traffic.KEY}}],
        },
    }


def _weighted(lane: str, weight: int) -> dict[str, object]:
    header = {"header": {"key": LANE_HEADER, "value": lane}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    return {"name": lane, "weight": weight, "request_headers_to_add": [header]}


def _cluster(lane: str, port: int) -> dict[str, object]:
    endpoint = {"endpoint": {"address": _address(port)}}
    assignment = {"cluster_name": lane, "endpoints": [{"lb_endpoints": [endpoint]}]}
    return {"name": lane, "type": "STATIC", "connect_timeout": "3s", "load_assignment": assignment}


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
