"""The options of `ci/bench/flags`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from .results import PARTS


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read them; a wrong one ends the program with code 2 and a message, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="ci/bench/flags",
        description="Run our flag evaluator beside others in process, and our OFREP server beside flagd.",
        epilog="Exit codes: 0 all figures ok, 1 one is short, 2 could not be measured, 130 interrupted.",
    )
    parser.add_argument("--only", type=_parts, default=PARTS, metavar="PARTS", help=f"some of {','.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: to try a change, not to write it down")
    parser.add_argument("--rounds", type=_positive, default=7, help="interleaved rounds (default: %(default)s)")
    parser.add_argument("--seconds", type=_positive, default=4, help="length of one OFREP window (default: %(default)s)")
    parser.add_argument("--binary", type=Path, metavar="FILE", help="the gateway (default: dist/prod/graylane, built)")
    parser.add_argument("--flagd", type=Path, metavar="FILE", help="flagd, 0.16.1 or later (default: the one on PATH)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--write", action="store_true", help="rewrite the section in docs/benchmarks.md")
    options = parser.parse_args(arguments)
    if options.write and (options.only != PARTS or options.quick):
        parser.error("--write needs all parts and all rounds: a section with some of them would drop the others")
    if options.quick:
        options.rounds, options.seconds = 2, 1
    return options


def _parts(text: str) -> tuple[str, ...]:
    chosen = text.split(",")
    unknown = [part for part in chosen if part not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in chosen)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value
