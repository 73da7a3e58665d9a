"""The options of `ci/bench/switch`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..command import EXIT_CODES, parts, positive
from ..places import ROOT
from .results import PARTS

SYSTEMS = ("graylane", "nginx", "haproxy")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read them; a wrong one ends the program with code 2 and a message, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="ci/bench/switch",
        description="Switch the running binary, and reload, under six kinds of clients, and count what these lose.",
        epilog=EXIT_CODES,
    )
    add = parser.add_argument
    add("--only", type=parts(PARTS), default=PARTS, metavar="PARTS", help=f"some of {','.join(PARTS)}")
    add("--systems", type=parts(SYSTEMS), default=SYSTEMS, metavar="NAMES", help=f"some of {','.join(SYSTEMS)}")
    add("--switches", type=positive, default=100, help="of the binary (default: %(default)s)")
    add("--reloads", type=positive, default=1000, help="of the configuration (default: %(default)s)")
    add("--kills", type=positive, default=5, help="of the new process in its probation (default: %(default)s)")
    add(
        "--binaries",
        type=_binaries,
        default=[ROOT / "dist" / channel / "graylane" for channel in ("prod", "canary")],
        metavar="FILES",
        help="gateways that follow each other, separated by commas (default: those in dist/prod and dist/canary)",
    )
    add("--grayctl", type=Path, metavar="FILE", help="the command (default: target/tools/debug/grayctl, built)")
    add("--json", type=Path, metavar="FILE", help="write everything that was counted")
    add("--write", action="store_true", help="rewrite the section in docs/benchmarks.md")
    options = parser.parse_args(arguments)
    if options.write and (options.only != PARTS or options.systems != SYSTEMS):
        parser.error("--write needs all parts and systems: a section with some of them would drop the others")
    return options


def _binaries(text: str) -> list[Path]:
    return [Path(name).resolve() for name in text.split(",")]
