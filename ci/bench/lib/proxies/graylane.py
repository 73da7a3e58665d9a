"""The gateway itself, in the prod channel, with everything on that is on by default."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import traffic
from ..failure import BenchError
from ..places import CHANNEL_SCRIPT, PROD_BINARY
from ..progress import say
from .model import CANARY, CANARY_PERCENT, PLAIN, STABLE, Site, Wants
from .version import ask_version

# Copies under way: none is left out where every request is copied.
MIRROR_MOST = 10_000


@dataclass
class Graylane:
    """What is measured. Metrics, timers, the drain, the choice of endpoints and the breaker keep their defaults, and all
    that heals a lane, reads a dialect, copies requests, and that a switch of the binary needs is configured: no figure for
    less than ships. A limit is raised only where a measurement is beyond it by its nature, and then for every peer that has
    one."""

    binary: Path
    name: str = "graylane"
    callgrind: bool = True

    def version(self) -> str:
        """Its version."""
        return ask_version([str(self.binary), "--version"])

    def can(self, wants: Wants) -> bool:
        """Everything: what it cannot do yet is an error and no gap in a table."""
        return True

    def command(self, site: Site, wants: Wants = PLAIN) -> list[str]:
        """One listener, two lanes of two endpoints each; the canary lane also gets copies of what the other one is asked."""
        config = f"""\
[listeners.web]
address = "127.0.0.1:{site.listen}"
{_listener(wants)}
[admin]
address = "127.0.0.1:{site.admin}"

[server]
workers = {wants.workers}
trusted_peers = ["127.0.0.1", "10.0.0.0/8"]

[handover]
folder = "run"

[gray]
read = ["x-gray-version", "baggage", "x-mse-tag"]

[services.shop]
key = [{_key(wants)}]
baseline = "{STABLE}"
timeouts = {{ connect = "1s", try = "30s", exchange = "40s" }}
retries = {{ times = 2, on = ["broken", "timeout", "502", "503", "504"] }}

[lanes.shop.{STABLE}]
{_lane(site.stable, wants)}mirror = {{ to = "{CANARY}", share = {wants.mirror_percent}, in_flight = {MIRROR_MOST} }}

[lanes.shop.{CANARY}]
weight = {CANARY_PERCENT}
{_lane(site.canary, wants)}{_limits(wants)}"""
        return [str(self.binary), "serve", "--env", "dev", "-c", site.write("graylane.toml", config)]


def _listener(wants: Wants) -> str:
    lines = "http2 = true\n" if wants.http2_clients else ""
    if wants.certificate:
        pair = f'{{ certificate = "{wants.certificate.chain}", key = "{wants.certificate.key}" }}'
        lines += f"\n[listeners.web.tls]\ncertificates = [{pair}]\n"
    return lines


def _key(wants: Wants) -> str:
    return f'"query:{traffic.QUERY_KEY}"' if wants.http2_clients else f'"header:{traffic.KEY}"'


def _lane(ports: Sequence[int], wants: Wants) -> str:
    endpoints = ", ".join(f'"http://127.0.0.1:{port}"' for port in ports)
    # A check over TCP: what answers HTTP differs from part to part.
    healing = 'slow_start = "10s"\nhealth = { kind = "tcp" }\n'
    return f"endpoints = [{endpoints}]\n{healing}" + ('protocol = "http2"\n' if wants.http2_upstreams else "")


def _limits(wants: Wants) -> str:
    lines = ""
    if wants.connections:
        lines += f"connections = {wants.connections}\n"
    if wants.large_bodies:
        lines += 'body = "1024GiB"\n'
    return f"\n[limits]\n{lines}" if lines else ""


def prod_binary(given: Path | None) -> Path:
    """The binary given, else the prod artifact, built when it is not there."""
    if given is not None:
        return _require(given.resolve(), "check the path after --binary")
    if not PROD_BINARY.exists():
        _build()
    return _require(PROD_BINARY, "run ci/channel prod")


def _build() -> None:
    if not CHANNEL_SCRIPT.exists():
        raise BenchError("there is neither dist/prod/graylane nor ci/channel", "name a binary with --binary PATH")
    say("building the prod artifact: ci/channel prod")
    done = subprocess.run([str(CHANNEL_SCRIPT), "prod"], check=False, stdout=2)
    if done.returncode:
        raise BenchError(f"ci/channel prod ended with code {done.returncode}", "see its output above")


def _require(path: Path, hint: str) -> Path:
    if not path.is_file():
        raise BenchError(f"{path.name} is not there", hint)
    return path
