"""The command `ci/bench/flags`: order of events and exit codes.

Exit codes: 0 every figure reaches its target; 1 one is short; 2 it could not be measured; 130 interrupted.
"""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..children import Children
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
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _interrupt)
    extend_path()
    # Before anything runs: the load of the machine that counts is other people's.
    words = machine()
    try:
        return _tell(_bench(options), options, " ".join(["ci/bench/flags", *_public(arguments)]), words)
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: every process that was started has been ended", file=sys.stderr)
        return 130


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


def _public(arguments: Sequence[str]) -> list[str]:
    """The arguments as a document may show them: a path of this machine is none of its business."""
    return [Path(argument).name if argument.startswith("/") else argument for argument in arguments]


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
