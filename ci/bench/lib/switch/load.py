"""The Go program that is the endpoint, and the clients."""

import json
import shutil
import socket
import subprocess
from pathlib import Path

from ..failure import BenchError
from ..places import ROOT, WORK
from ..progress import say
from ..wait import until
from .model import Site
from .results import Tallies

SOURCE = ROOT / "ci" / "bench" / "switch.d" / "load"
# What is under way when the clients are told to end, they wait for as long as a patient client does.
PATIENCE = 60.0


def build() -> Path:
    """The program, compiled where it is not, or not of this source."""
    if shutil.which("go") is None:
        raise BenchError("go is not there, which compiles the clients", "install Go 1.25 or newer")
    program = WORK / "load"
    say("compiling the clients")
    argv = ["go", "build", "-o", str(program), "."]
    done = subprocess.run(argv, cwd=SOURCE, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise BenchError(f"the clients do not compile: {done.stderr.strip()}", "Go 1.25 or newer is needed")
    return program


def answers(port: int) -> bool:
    """Whether somebody listens there and answers a request."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as asked:
            asked.sendall(b"GET /echo?n=1 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n")
            return asked.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


class Clients:
    """All six kinds at work; `end` lets them finish and gives what they counted."""

    def __init__(self, program: Path, site: Site) -> None:
        addresses = [f"127.0.0.1:{port}" for port in (site.http1, site.http2, site.https)]
        argv = [str(program), "clients", *addresses, str(site.certificate.chain)]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        until("the clients ask", lambda: self._process.stdout is not None and bool(self._process.stdout.readline()))

    def __enter__(self) -> "Clients":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def end(self) -> Tallies:
        """What they counted."""
        try:
            counted, _ = self._process.communicate(timeout=PATIENCE)
            tallies: Tallies = json.loads(counted)
        except (subprocess.TimeoutExpired, ValueError) as error:
            raise BenchError(f"the clients did not end: {error}") from error
        return tallies
