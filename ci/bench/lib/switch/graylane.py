"""The gateway itself, between its channels."""

import json
import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..children import Child
from ..failure import BenchError
from ..kernel import established, stands_still
from ..places import CHANNEL_SCRIPT, ROOT
from ..progress import say
from ..proxies.version import ask_version
from ..wait import until
from .model import Site

# How many connections the new process shall hold when it is killed, and how many seconds of probation leave time for that.
HELD = 20
PROBATION = 30

GRAYCTL = ROOT / "target" / "tools" / "debug" / "grayctl"


@dataclass
class Graylane:
    """What is measured: every channel in turn, all with their defaults."""

    binaries: list[Path]
    grayctl: Path
    probation: str = "1s"
    name: str = "graylane"

    def version(self) -> str:
        """Its version."""
        return ask_version([str(self.binaries[0]), "--version"])

    def command(self, site: Site) -> list[str]:
        """One service of two lanes, so that there is a weight to change."""
        return [str(self.binaries[0]), "serve", "--env", "dev", "-c", site.write("graylane.toml", self._config(site, 0))]

    def switch(self, site: Site, child: Child, number: int) -> None:
        """To the next binary; the command ends when the old process has."""
        argv = self._switch(site, number)
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            words = (done.stdout + done.stderr).strip().splitlines()
            raise BenchError(f"switch {number} ended with code {done.returncode}: {' | '.join(words[-3:])}")

    def reload(self, site: Site, child: Child, number: int) -> None:
        """Another weight, by the signal."""
        before = self._metric(site, "graylane_config_revision")
        site.write("graylane.toml", self._config(site, number))
        os.kill(child.pid, signal.SIGHUP)
        until("a new revision", lambda: self._metric(site, "graylane_config_revision") > before)

    def kill(self, site: Site, number: int) -> int:
        """A switch whose new process is killed in its probation; how many connections that held."""
        with subprocess.Popen(self._switch(site, number), stdout=subprocess.PIPE, text=True) as switching:
            try:
                new = next((event["pid"] for event in _events(switching) if event.get("event") == "accepting"), None)
                if not isinstance(new, int):
                    raise BenchError(f"switch {number} did not come to its probation")
                ports = {site.http1, site.http2, site.https}
                # One that holds nobody loses nobody: then the figure would prove nothing.
                until(f"the new process holds {HELD}", lambda: established(new, ports) >= HELD, PROBATION / 2, every=0.05)
                # Stopped first: from then on it accepts nobody, so that what it holds is what is counted.
                os.kill(new, signal.SIGSTOP)
                until("the new process stands still", lambda: stands_still(new))
                held = established(new, ports)
                os.kill(new, signal.SIGKILL)
                if switching.wait(60) == 0:
                    raise BenchError("a switch whose new process was killed ended as if all were well")
            finally:
                switching.kill()
        return held

    def _switch(self, site: Site, number: int) -> list[str]:
        binary = self.binaries[number % len(self.binaries)]
        config = str(site.folder / "graylane.toml")
        return [str(self.grayctl), "switch", "--binary", str(binary), "--config", config, "--json"]

    def _metric(self, site: Site, name: str) -> int:
        """A number of the process that has the admin port; -1 while nobody has."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{site.admin}/metrics", timeout=5) as answer:
                found = re.search(rf"^{name} (\d+)", answer.read().decode(), re.MULTILINE)
        except OSError:
            return -1
        return int(found[1]) if found else -1

    def _config(self, site: Site, number: int) -> str:
        return f"""\
[listeners.web]
address = "127.0.0.1:{site.http1}"

[listeners.http2]
address = "127.0.0.1:{site.http2}"

[listeners.secure]
address = "127.0.0.1:{site.https}"

[listeners.secure.tls]
certificates = [{{ certificate = "{site.certificate.chain}", key = "{site.certificate.key}" }}]

[admin]
address = "127.0.0.1:{site.admin}"

[server]
workers = 2

[handover]
folder = "run"
probation = "{self.probation}"

[services.shop]

[lanes.shop.stable]
endpoints = ["http://127.0.0.1:{site.backend}"]

[lanes.shop.canary]
weight = {10 + number % 2}
endpoints = ["http://127.0.0.1:{site.backend}"]
"""


def prepared(binaries: list[Path], grayctl: Path | None) -> tuple[list[Path], Path]:
    """The binaries and the command, built where they are not there."""
    for binary in binaries:
        if not binary.is_file() and binary.parent.parent == ROOT / "dist":
            say(f"building the artifact: ci/channel {binary.parent.name}")
            _run([str(CHANNEL_SCRIPT), binary.parent.name])
    if grayctl is None:
        grayctl = GRAYCTL
        say("building grayctl")
        _run(["cargo", "build", "--locked", "-p", "grayctl", "--target-dir", str(ROOT / "target" / "tools")])
    for needed in (*binaries, grayctl):
        if not needed.is_file():
            raise BenchError(f"{needed.name} is not there", "check the paths after --binaries and --grayctl")
    return binaries, grayctl.resolve()


def _events(process: subprocess.Popen[str]) -> Iterator[dict[str, object]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, cwd=ROOT, check=False, stdout=2)
    if done.returncode:
        raise BenchError(f"{Path(argv[0]).name} ended with code {done.returncode}", "see its output above")
