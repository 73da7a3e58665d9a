"""The options of `ci/bench/flags`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..command import EXIT_CODES, parts, positive
from .results import PARTS


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read them; a wrong one ends the program with code 2 and a message, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="ci/bench/flags",
        description="Run our flag evaluator beside others in process, and our OFREP server beside flagd.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--only", type=parts(PARTS), default=PARTS, metavar="PARTS", help=f"some of {','.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: to try a change, not to write it down")
    parser.add_argument("--rounds", type=positive, default=7, help="interleaved rounds (default: %(default)s)")
    parser.add_argument("--seconds", type=positive, default=4, help="length of one OFREP window (default: %(default)s)")
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
