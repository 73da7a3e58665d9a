"""A scene: the systems that take part in one measurement, each proven to do what it is measured for."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ..failure import BenchError
from ..progress import say
from ..schedstat import cpu_nanoseconds
from .backend import HTTP1
from .model import PLAIN, Proxy, Wants
from .results import Results
from .stage import Running, Stage

Systems = dict[str, Running]


@contextmanager
def scene(
    stage: Stage,
    proxies: Sequence[Proxy],
    results: Results,
    title: str,
    prove: Callable[[Running], object],
    wants: Wants = PLAIN,
    kind: str = HTTP1,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Systems]:
    """All that can do it, running; one that fails is noted and left out, and its figure will be none and short."""
    running: Systems = {}
    for proxy in proxies:
        if not proxy.can(wants):
            continue
        try:
            system = stage.start(proxy, wants, kind, tls=tls)
            prove(system)
        except (BenchError, OSError) as error:
            say(f"going on without {proxy.name}: {title}: {error}")
            results.notes.append(f"{title}: {proxy.name} could not be measured")
            continue
        running[proxy.name] = system
    if not running:
        raise BenchError(f"{title}: nobody could be measured")
    yield running
    for system in running.values():
        stage.stop(system)


def cpu_of(running: Running, load: Callable[[], float]) -> float:
    """CPU nanoseconds of the proxy for one unit of what `load` says that it did: the books just before and after."""
    before = cpu_nanoseconds(running.child.pid)
    done = load()
    spent = cpu_nanoseconds(running.child.pid) - before
    running.child.require_alive()
    return spent / done
