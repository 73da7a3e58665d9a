"""The parts: what is done to a running system while all clients are at work."""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..children import Children
from ..failure import BenchError
from ..ports import free_ports
from ..progress import say
from ..proxies.model import Certificate
from ..tls import make_certificate
from ..wait import until
from .graylane import PROBATION, Graylane
from .load import Clients, answers
from .model import Site, System
from .results import Run

# Before the first event and after the last one, so that every kind of client has come to its middle.
SETTLE = 1.0
# Between two events: what is lost by one of them must not be hidden by the next.
PAUSE = {"switch": 0.2, "reload": 0.02}
PROGRESS_EVERY = 10.0


def measure(part: str, system: System, load: Path, events: int) -> Run:
    """One system through one part."""
    if part == "kill":
        system = patient(system)
    with tempfile.TemporaryDirectory(prefix="graylane-bench-") as folder, Children(Path(folder)) as children:
        site = Site(Path(folder), Certificate(*make_certificate(Path(folder), "ecdsa")), *free_ports(5))
        cores = os.sched_getaffinity(0)
        children.start("backend", [str(load), "backend", f"127.0.0.1:{site.backend}"], *cores)
        until("the endpoint answers", lambda: answers(site.backend))
        child = children.start(system.name, system.command(site), *cores)
        until(f"{system.name} answers: {child.last_words()}", lambda: answers(site.http1))
        happen = {"switch": system.switch, "reload": system.reload}
        with Clients(load, site) as clients:
            time.sleep(SETTLE)
            began = time.monotonic()
            held: list[int] = []
            if isinstance(system, Graylane) and part == "kill":
                held = [system.kill(site, number) for number in range(1, events + 1)]
            else:
                _repeat(part, system.name, events, lambda number: happen[part](site, child, number))
            seconds = time.monotonic() - began
            time.sleep(SETTLE)
            return Run(events, seconds, clients.end(), held)


def _repeat(part: str, name: str, events: int, happen: Callable[[int], None]) -> None:
    told = time.monotonic()
    for number in range(1, events + 1):
        happen(number)
        time.sleep(PAUSE[part])
        if time.monotonic() - told > PROGRESS_EVERY:
            told = time.monotonic()
            say(f"{name}: {part} {number} of {events}")


def patient(system: System) -> Graylane:
    """With a probation that the new process, and not the clock, is the end of."""
    if not isinstance(system, Graylane):
        raise BenchError(f"{system.name} has no probation")
    return replace(system, probation=f"{PROBATION}s")
