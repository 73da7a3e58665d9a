"""Memory of a keep-alive connection on which nothing happens, after a request of its own.

What the kernel keeps for a socket is not counted: it is the same for all. Nor is what a process sets aside at its start for
the connections that it may have, as nginx does (some 400 bytes for each): only the growth is.
"""

import resource

from .. import traffic
from ..client import Connection, demand_success, send_exactly
from ..cores import pinned
from ..failure import BenchError
from ..memory import MB, memory
from ..progress import say
from .model import Proxy, Wants
from .results import Results
from .scene import scene
from .split import verify
from .stage import Running, Stage

# nginx ends idle connections when less than a sixteenth of those it may have are free, and counts those to upstreams.
_HEADROOM, _UPSTREAMS = 9 / 8, 256
# HAProxy demands two files for each connection that it may have, and some more.
_FILES_EACH, _FILES_MORE = 2, 200

# Over one connection: what more of them had and gave back would then be used by the idle ones, and not be seen.
_WARM_UP = 256


def measure_idle(stage: Stage, proxies: list[Proxy], count: int, results: Results) -> None:
    """Bytes of resident memory for each of `count` connections."""
    allowed = int(count * _HEADROOM) + _UPSTREAMS
    _raise_limit(allowed * _FILES_EACH + _FILES_MORE)
    wants = Wants(connections=allowed)
    with scene(stage, proxies, results, "idle connections", verify, wants) as systems, pinned(stage.cores.load):
        for name, running in systems.items():
            try:
                results.idle[name] = _bytes_each(running, count)
            except BenchError as error:
                say(f"going on without {name}: {error}")
                results.notes.append(f"idle connections: {name} could not be measured")
                continue
            say(f"{name} {results.idle[name]:.0f} bytes per idle connection")


def _bytes_each(running: Running, count: int) -> float:
    """By how much a process that has served, and has nobody connected, grows until all of them are open."""
    port = running.site.listen
    send_exactly(port, _WARM_UP, connections=1)
    before = memory(running.child.pid).resident_mb
    opened: list[Connection] = []
    try:
        for number in range(count):
            opened.append(Connection(port))
            _ask(opened[-1], number)
        after = memory(running.child.pid).resident_mb
        # A proxy that had closed some would look thrifty.
        for number, connection in enumerate(opened):
            _ask(connection, number)
    except OSError as error:
        raise BenchError(f"{running.proxy.name}, connection {len(opened)}: {error}") from error
    finally:
        for connection in opened:
            connection.reset()
    return (after - before) * MB / count


def _ask(connection: Connection, number: int) -> None:
    connection.send(traffic.request(number))
    demand_success(connection.receive())


def _raise_limit(files: int) -> None:
    """For us and for what we start: each connection is a file of the client and one of the proxy."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < files:
        raise BenchError(f"{files} open files are more than the {hard} allowed", "raise `ulimit -n`, or lower --idle")
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
