"""Envoy: weighted clusters with a hash policy on the key, and the less busy of two drawn servers in each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import traffic
from .model import CANARY, CANARY_PERCENT, LANE_HEADER, PLAIN, STABLE, Site, Wants
from .version import ask_version

_TYPES = "type.googleapis.com/envoy.extensions.filters"
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


@dataclass
class Envoy:
    """A peer: the one of HTTP/2 and gRPC. Of HTTP/1.1 it is shown and not part of the mean, where it costs four times as
    much as the others."""

    binary: Path
    name: str = "envoy"
    # A binary of 100 MB needs minutes under valgrind.
    callgrind: bool = False

    def version(self) -> str:
        """Its version."""
        return ask_version([str(self.binary), "--version"])

    def can(self, wants: Wants) -> bool:
        """Here only HTTP/1.1 and HTTP/2: the figures of TLS and of large bodies name other peers."""
        return wants.certificate is None and not wants.large_bodies

    def command(self, site: Site, wants: Wants = PLAIN) -> list[str]:
        """Hot restart off, because its shared memory has one name per machine."""
        config = site.write("envoy.json", json.dumps(envoy_config(site, wants)))
        threads = ["--concurrency", str(wants.workers)]
        return [str(self.binary), "-c", config, *threads, "--disable-hot-restart", "--log-level", "error"]


def envoy_config(site: Site, wants: Wants = PLAIN) -> dict[str, object]:
    """The static configuration; no admin listener, no access log, no request id, no headers beyond the lane.

    Its timers are on by default, as ours are: 15 s for an answer, five minutes for a stream that stands still.
    """
    manager = {
        "@type": f"{_TYPES}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "web",
        "codec_type": "HTTP2" if wants.http2_clients else "AUTO",
        "generate_request_id": False,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [_route(wants)]}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPES}.http.router.v3.Router", "suppress_envoy_headers": True},
            }
        ],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    listener = {"name": "web", "address": _address(site.listen), "filter_chains": [{"filters": filters}]}
    clusters = [_cluster(STABLE, site.stable, wants), _cluster(CANARY, site.canary, wants)]
    return {"static_resources": {"listeners": [listener], "clusters": clusters}}


def _route(wants: Wants) -> dict[str, object]:
    by_query = {"query_parameter": {"name": traffic.QUERY_KEY}}
    by_header = {"header": {"header_name": traffic.KEY}}
    weighted = [_weighted(STABLE, 100 - CANARY_PERCENT), _weighted(CANARY, CANARY_PERCENT)]
    return {
        "match": {"prefix": "/"},
        "route": {
            "weighted_clusters": {"clusters": weighted, "use_hash_policy": True},
            "hash_policy": [by_query if wants.http2_clients else by_header],
        },
    }


def _weighted(lane: str, weight: int) -> dict[str, object]:
    header = {"header": {"key": LANE_HEADER, "value": lane}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    return {"name": lane, "weight": weight, "request_headers_to_add": [header]}


def _cluster(lane: str, ports: Sequence[int], wants: Wants) -> dict[str, object]:
    endpoints = [{"endpoint": {"address": _address(port)}} for port in ports]
    assignment = {"cluster_name": lane, "endpoints": [{"lb_endpoints": endpoints}]}
    cluster: dict[str, object] = {"name": lane, "type": "STATIC", "connect_timeout": "3s", "load_assignment": assignment}
    # Two are drawn by default.
    cluster["lb_policy"] = "LEAST_REQUEST"
    if wants.http2_upstreams:
        options = {"explicit_http_config": {"http2_protocol_options": {}}}
        typed = {"@type": f"type.googleapis.com/{_HTTP_OPTIONS}", **options}
        cluster["typed_extension_protocol_options"] = {_HTTP_OPTIONS: typed}
    return cluster


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
