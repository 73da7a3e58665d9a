"""The gateway itself, in the prod channel, with everything on that is on by default."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .. import traffic
from ..failure import BenchError
from ..places import CHANNEL_SCRIPT, PROD_BINARY
from ..progress import say
from .model import CANARY, CANARY_PERCENT, STABLE, Site
from .version import ask_version


@dataclass
class Graylane:
    """What is measured. Metrics, limits, timers and the breaker keep their defaults: no figure for less than ships."""

    binary: Path
    name: str = "graylane"
    callgrind: bool = True

    def version(self) -> str:
        """Its version."""
        return ask_version([str(self.binary), "--version"])

    def command(self, site: Site) -> list[str]:
        """One worker, one listener, two lanes of one endpoint each."""
        config = f"""\
[listeners.web]
address = "127.0.0.1:{site.listen}"

[admin]
address = "127.0.0.1:{site.admin}"

[server]
workers = 1

[services.shop]
key = ["header:{traffic.KEY}"]
baseline = "{STABLE}"

[lanes.shop.{STABLE}]
endpoints = ["http://127.0.0.1:{site.stable}"]

[lanes.shop.{CANARY}]
weight = {CANARY_PERCENT}
endpoints = ["http://127.0.0.1:{site.canary}"]
"""
        return [str(self.binary), "serve", "--env", "dev", "-c", site.write("graylane.toml", config)]


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
