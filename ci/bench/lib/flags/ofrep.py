"""Our OFREP server beside flagd: the same file of flags, the same requests, CPU time of each per request.

flagd is taken as it is found: `--flagd FILE`, else the one on PATH. It listens on every address there is, so with it
the bench moves into a network where there is only the loopback.
"""

import argparse
import http.client
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from .. import wrk
from ..alone import leave_network
from ..children import Child, Children
from ..cores import Cores
from ..failure import BenchError
from ..progress import say
from ..schedstat import cpu_nanoseconds
from ..proxies.graylane import prod_binary
from .results import Results
from .servers import Server, flagd, gateway
from .traffic import BULK, CONNECTIONS, KEY, KNOWN, KNOWN_USERS, LOADS, body, flags, script

START_LIMIT = 15.0
USERS_COMPARED = 200


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    name: str
    port: int
    child: Child


def measure_ofrep(
    options: argparse.Namespace, results: Results, children: Children, cores: Cores, folder: Path
) -> None:
    """Both run for the whole time; a server that is not loaded has nothing to do."""
    file = folder / "flags.json"
    file.write_text(json.dumps(flags()))
    # Built before anything is measured.
    servers = [gateway(prod_binary(options.binary))]
    if found := options.flagd or shutil.which("flagd"):
        servers.append(flagd(Path(found)))
        results.versions["flagd-server"] = servers[-1].version
        leave_network("flagd listens on every address; run the bench as root, or choose --only engines,reload")
    else:
        say("flagd is not on PATH; give it with --flagd FILE")
        results.notes.append("flagd was not there, so the OFREP ratios are none")
    running = [_start(server, folder, file, children, cores) for server in servers]
    _require_same(running)
    # Tags that only ours gives; who has none of them answers such a request as any other.
    tags = [ask(running[0].port, None, user)[1] or "" for user in range(KNOWN_USERS)]
    scripts = {load: script(folder, load, tags if load == KNOWN else []) for load in LOADS}
    for load in LOADS:
        for each in running:
            _window(each, 1, cores, scripts[load], CONNECTIONS[load])
        results.ofrep[load] = []
        for number in range(options.rounds):
            turn = number % len(running)
            order = [*running[turn:], *running[:turn]]
            costs = {
                each.name: _window(each, options.seconds, cores, scripts[load], CONNECTIONS[load]) for each in order
            }
            results.ofrep[load].append(costs)
            words = ", ".join(f"{name} {cost / 1000:.1f} us" for name, cost in sorted(costs.items()))
            say(f"OFREP {load}, round {number + 1}/{options.rounds}: {words}")


def _start(server: Server, folder: Path, file: Path, children: Children, cores: Cores) -> Running:
    name = server.name
    port, argv = server.ready(folder, file)
    child = children.start(name, argv, cores.measured)
    running = Running(name, port, child)
    end = time.monotonic() + START_LIMIT
    while True:
        try:
            ask(running.port, KEY, 0)
            return running
        # An error status too: flagd listens before it has read its flags.
        except (OSError, http.client.HTTPException, ValueError, BenchError) as error:
            child.require_alive()
            if time.monotonic() > end:
                raise BenchError(f"{name} gave no answer within {START_LIMIT:.0f} s: {error}") from error
            time.sleep(0.01)


def ask(port: int, key: str | None, user: int) -> tuple[dict, str | None]:
    """One evaluation, or all of them where `key` is none; and the tag of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        path = f"/ofrep/v1/evaluate/flags/{key}" if key else "/ofrep/v1/evaluate/flags"
        connection.request("POST", path, body(user), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise BenchError(f"status {answer.status}: {text[:200]!r}")
    return json.loads(text), answer.getheader("ETag")


def _require_same(running: list[Running]) -> None:
    """Servers that answer otherwise do other work: no basis for a ratio."""
    for user in range(USERS_COMPARED):
        said = {each.name: ask(each.port, KEY, user)[0].get("variant") for each in running}
        if len(set(said.values())) > 1:
            raise BenchError(f"user {user} has different variants: {said}")
    for each in running:
        if len(ask(each.port, None, 0)[0]["flags"]) != BULK:
            raise BenchError(f"{each.name} does not answer all {BULK} flags in bulk")


def _window(running: Running, seconds: int, cores: Cores, path: Path, connections: int) -> float:
    """CPU nanoseconds per request: the books before and after exactly one run of wrk."""
    before = cpu_nanoseconds(running.child.pid)
    load = wrk.run(running.port, seconds, cores.load, path, lambda: None, connections)
    spent = cpu_nanoseconds(running.child.pid) - before
    running.child.require_alive()
    return spent / load.requests
