"""The command `ci/bench/proxy`: order of events."""

import argparse
import json
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ..children import Children
from ..command import public, run
from ..cores import Cores, choose
from ..failure import BenchError, OutOfTime
from ..figures import exit_code
from ..install import extend_path
from ..machine import busy, machine
from ..markdown import write_section
from ..places import BENCHMARKS
from ..progress import say
from .cast import CALLGRIND_PARTS, Cast, gather
from .http2 import measure_grpc, measure_http2
from .idle import measure_idle
from .instructions import measure_copying, measure_cost
from .model import Proxy
from .options import parse
from .plans import MEASURED
from .ready import measure_ready
from .report import as_json, section
from .results import Results
from .rounds import Rounds, measure
from .split import verify
from .stage import Running, Stage
from .stream import measure_stream
from .tls import measure_tls
from .workers import measure_workers

# Those that have all systems run side by side with their plainest configuration.
HTTP1_PARTS = {"ready", "cpu", "memory", "instructions", "allocations"}


def main(arguments: Sequence[str]) -> int:
    """Run the bench; the exit code."""
    options = parse(arguments)
    extend_path()
    # Before anything runs: the load of the machine that counts is other people's.
    words = machine()
    return run(lambda: _tell(_bench(options), options, public("ci/bench/proxy", arguments), words))


def _bench(options: argparse.Namespace) -> Results:
    results = Results(parts=options.only)
    if busy():
        results.notes.append("the machine was busy before the bench began; trust ratios and instructions, not times")
    cast = gather(options, results.notes)
    results.versions = {proxy.name: proxy.version() for proxy in cast.proxies}
    if "size" in options.only:
        results.binary_mb = cast.binary.stat().st_size / 1e6
    if set(options.only) != {"size"}:
        _limit_time(options.limit)
        with tempfile.TemporaryDirectory(prefix="graylane-bench-") as folder, Children(Path(folder)) as children:
            _measure(options, cast, results, Stage(children, _cores(results), Path(folder)))
        signal.alarm(0)
    return results


def _measure(options: argparse.Namespace, cast: Cast, results: Results, stage: Stage) -> None:
    asked = set(options.only)
    running = [one for proxy in cast.proxies if (one := _proven(stage, proxy, results))] if asked & HTTP1_PARTS else []
    if "ready" in options.only:
        for proxy in (one.proxy for one in running):
            results.ready[proxy.name] = measure_ready(stage, proxy, options.starts)
            say(f"{proxy.name} ready after {results.ready[proxy.name].text(1)} ms")
    if {"cpu", "memory"} & asked:
        # Memory alone needs the load, not the statistics.
        rounds = options.rounds if "cpu" in options.only else 1
        results.rounds = measure(running, rounds, options.seconds, stage.cores.load, stage.folder)
        _note_broken(results.rounds, results.notes)
    for each in running:
        stage.stop(each)
    _measure_others(options, cast, results, stage)
    if CALLGRIND_PARTS & asked and cast.valgrind:
        for proxy in (one.proxy for one in running if one.proxy.callgrind):
            cost = results.costs[proxy.name] = measure_cost(stage, proxy)
            say(f"{proxy.name} {cost.instructions:.0f} instructions/request, {cost.allocations:.2f} allocations/request")
            if proxy.name == MEASURED and "allocations" in asked:
                results.uncopied, results.copy = measure_copying(stage, proxy)


def _measure_others(options: argparse.Namespace, cast: Cast, results: Results, stage: Stage) -> None:
    """Each part starts what it needs, with the protocols that it is about; one that fails leaves the others to go on."""
    rounds, seconds = options.rounds, options.seconds
    parts: dict[str, Callable[[], None]] = {
        "workers": lambda: measure_workers(stage, cast.proxies, rounds, seconds, results),
        "http2": lambda: measure_http2(stage, cast.proxies, rounds, seconds, results),
        "grpc": lambda: measure_grpc(stage, cast.proxies, rounds, seconds, results),
        "tls": lambda: measure_tls(stage, cast.proxies, rounds, seconds, results),
        "stream": lambda: measure_stream(stage, cast.proxies, rounds, options.bytes, results),
        "idle": lambda: measure_idle(stage, cast.proxies, options.idle, results),
    }
    for part in (part for part in options.only if part in parts):
        try:
            parts[part]()
        # Its figures are none, and so short: what was not measured is not passed over.
        except (BenchError, OSError) as error:
            say(f"going on without {part}: {error}")
            results.notes.append(f"{part} could not be measured to its end")


def _proven(stage: Stage, proxy: Proxy, results: Results) -> Running | None:
    """Started, and proven to do the split; a peer that fails is noted and left out, the gateway must not fail."""
    try:
        running = stage.start(proxy)
        split = results.splits[proxy.name] = verify(running)
    except BenchError as error:
        if proxy.name == MEASURED:
            raise
        say(f"going on without {proxy.name}: {error}")
        results.notes.append(f"{proxy.name} could not be measured")
        return None
    say(f"{proxy.name} splits: {split.share:.1f} % canary, {split.moved} moved, upstream saw the header")
    return running


def _note_broken(rounds: Rounds, notes: list[str]) -> None:
    for name in rounds.windows[0]:
        broken = sum(window.load.broken for window in rounds.of(name))
        if broken:
            notes.append(f"{name}: {broken} socket errors or time-outs in wrk's count")


def _cores(results: Results) -> Cores:
    cores = choose()
    if not cores.apart:
        results.notes.append("only one core: the load and the proxies shared it")
    return cores


def _tell(results: Results, options: argparse.Namespace, command: str, words: dict[str, str]) -> int:
    print(section(results, command, words, figures=False) + "\n")
    if options.json:
        options.json.write_text(json.dumps(as_json(results, command, words), indent=2) + "\n")
    if options.write:
        write_section(BENCHMARKS, "proxy", section(results, command, words))
        say("docs/benchmarks.md rewritten")
    figures = results.figures()
    print("\n".join(figure.line() for figure in figures), flush=True)
    return exit_code(figures)


def _limit_time(seconds: int) -> None:
    def expired(*_: object) -> None:
        raise OutOfTime(f"the bench took longer than {seconds} s", "choose parts with --only, or raise --limit")

    signal.signal(signal.SIGALRM, expired)
    signal.alarm(seconds)
