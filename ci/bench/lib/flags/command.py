"""The command `ci/bench/flags`: order of events."""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..children import Children
from ..command import public, run
from ..cores import choose
from ..failure import BenchError
from ..figures import exit_code
from ..install import extend_path, install
from ..machine import busy, machine
from ..markdown import write_section
from ..places import BENCHMARKS
from ..progress import say
from .engines import build
from .measure import measure_engines, measure_reload
from .ofrep import measure_ofrep
from .options import parse
from .report import as_json, section
from .results import Results
from .targets import figures


def main(arguments: Sequence[str]) -> int:
    """Run the bench; the exit code."""
    options = parse(arguments)
    extend_path()
    # Before anything runs: the load of the machine that counts is other people's.
    words = machine()
    return run(lambda: _tell(_bench(options), options, public("ci/bench/flags", arguments), words))


def _bench(options: argparse.Namespace) -> Results:
    results = Results(parts=options.only)
    if busy():
        results.notes.append("the machine was busy before the bench began; trust ratios and instructions, not times")
    if missing := install(["valgrind", "wrk"]):
        raise BenchError(f"missing: {', '.join(missing)}")
    cores = choose()
    if {"engines", "reload"} & set(options.only):
        engines = build(cores.measured)
        if "engines" in options.only:
            measure_engines(engines, results, 1 if options.quick else 3)
        if "reload" in options.only:
            measure_reload(engines, results, 1 if options.quick else 3)
    if "ofrep" in options.only:
        with tempfile.TemporaryDirectory(prefix="graylane-bench-") as folder, Children(Path(folder)) as children:
            measure_ofrep(options, results, children, cores, Path(folder))
    return results


def _tell(results: Results, options: argparse.Namespace, command: str, words: dict[str, str]) -> int:
    reached = figures(results)
    print(section(results, [], command, words) + "\n")
    if options.json:
        options.json.write_text(json.dumps(as_json(results, reached, command, words), indent=2) + "\n")
    if options.write:
        write_section(BENCHMARKS, "flags", section(results, reached, command, words))
        say("docs/benchmarks.md rewritten")
    print("\n".join(figure.line() for figure in reached), flush=True)
    return exit_code(reached)
