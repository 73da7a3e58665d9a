"""The command `ci/bench/switch`: order of events."""

import argparse
import json
from collections.abc import Sequence

from ..command import public, run
from ..failure import BenchError
from ..figures import exit_code
from ..install import extend_path, install
from ..machine import busy, machine
from ..markdown import write_section
from ..places import BENCHMARKS
from ..progress import say
from .graylane import Graylane, prepared
from .haproxy import Haproxy
from .load import build
from .model import System
from .nginx import Nginx
from .options import parse
from .parts import measure
from .report import as_json, section
from .results import Results
from .targets import OURS, figures


def main(arguments: Sequence[str]) -> int:
    """Run the bench; the exit code."""
    options = parse(arguments)
    extend_path()
    # Before anything runs: the load of the machine that counts is other people's.
    words = machine()
    return run(lambda: _tell(_bench(options), options, public("ci/bench/switch", arguments), words))


def _bench(options: argparse.Namespace) -> Results:
    results = Results(parts=options.only)
    if busy():
        results.notes.append("the machine was busy before the bench began")
    if install(["openssl"]):
        raise BenchError("without openssl there is no certificate", "apt-get install openssl")
    load = build()
    events = {"switch": options.switches, "reload": options.reloads, "kill": options.kills}
    for system in _systems(options, results):
        results.versions[system.name] = system.version()
        for part in options.only:
            # Nobody else has a probation.
            if part == "kill" and system.name != OURS:
                continue
            try:
                done = results.runs[part, system.name] = measure(part, system, load, events[part])
            # Its figures are none, and so short: what was not measured is not passed over.
            except (BenchError, OSError) as error:
                say(f"going on without {part} of {system.name}: {error}")
                results.notes.append(f"{part} of {system.name} could not be measured to its end")
                continue
            say(f"{system.name}: {events[part]} x {part}, {done.lost} of {done.sum('exchanges')} exchanges lost")
    return results


def _systems(options: argparse.Namespace, results: Results) -> list[System]:
    peers: dict[str, System] = {"nginx": Nginx(), "haproxy": Haproxy()}
    for lacking in install([name for name in options.systems if name in peers]):
        results.notes.append(f"{lacking} was missing")
        del peers[lacking]
    found: list[System] = [peers[name] for name in options.systems if name in peers]
    if OURS in options.systems:
        found.insert(0, Graylane(*prepared(options.binaries, options.grayctl)))
    return found


def _tell(results: Results, options: argparse.Namespace, command: str, words: dict[str, str]) -> int:
    reached = figures(results) if OURS in options.systems else []
    print(section(results, [], command, words) + "\n")
    if options.json:
        options.json.write_text(json.dumps(as_json(results, reached, command, words), indent=2) + "\n")
    if options.write:
        write_section(BENCHMARKS, "switch", section(results, reached, command, words))
        say("docs/benchmarks.md rewritten")
    print("\n".join(figure.line() for figure in reached), flush=True)
    return exit_code(reached)
