"""Who takes part: the gateway, and those of its peers that can be had on this machine."""

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..failure import BenchError
from ..install import install, install_envoy
from ..progress import say
from .envoy import Envoy
from .graylane import Graylane, prod_binary
from .haproxy import Haproxy
from .model import Proxy
from .nginx import Nginx
from .plans import MEASURED

WRK_PARTS = {"cpu", "memory", "workers"}
CALLGRIND_PARTS = {"instructions", "allocations"}
ENVOY_PARTS = {"ready", "cpu", "memory", "http2", "grpc", "idle"}


@dataclass(frozen=True)
class Cast:
    """All that is measured."""

    proxies: list[Proxy]
    binary: Path
    valgrind: bool


def gather(options: argparse.Namespace, notes: list[str]) -> Cast:
    """Install what is needed for the parts asked for; what cannot be had is noted, and the rest goes on."""
    only = set(options.only)
    if only == {"size"}:
        return Cast([], _binary(options), valgrind=False)
    lacking = install(_programs(only))
    for program in lacking:
        notes.append(f"{program} was missing")
    if "nginx" in lacking:
        raise BenchError("without nginx there is no backend", "apt-get install --no-install-recommends nginx-light")
    if "wrk" in lacking and only & WRK_PARTS:
        raise BenchError("without wrk there is no load", "apt-get install wrk, or choose other parts with --only")
    binary = _binary(options)
    measured = Nginx(name=MEASURED) if options.stand_in else Graylane(binary)
    peers: list[Proxy] = [Nginx()]
    if "haproxy" not in lacking:
        peers.append(Haproxy())
    if not options.no_envoy and only & ENVOY_PARTS:
        peers.extend(_envoy(notes))
    return Cast([measured, *peers], binary, valgrind="valgrind" not in lacking)


def _programs(only: set[str]) -> list[str]:
    programs = ["nginx", "haproxy"]
    for names, parts in (
        (["wrk"], WRK_PARTS),
        (["valgrind"], CALLGRIND_PARTS),
        (["h2load", "nghttp"], {"http2", "grpc"}),
        (["nghttpd"], {"grpc"}),
        (["openssl"], {"tls"}),
    ):
        if only & parts:
            programs.extend(names)
    return programs


def _binary(options: argparse.Namespace) -> Path:
    if options.stand_in:
        return Path(shutil.which("nginx") or "nginx")
    return prod_binary(options.binary)


def _envoy(notes: list[str]) -> list[Proxy]:
    try:
        return [Envoy(install_envoy())]
    except BenchError as error:
        say(f"going on without Envoy: {error}")
        notes.append("Envoy could not be had")
        return []
