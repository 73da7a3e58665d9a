"""What the commands under `ci/bench` share: how they end, and their plain options.

Exit codes: 0 every figure reaches its target; 1 one is short; 2 it could not be measured; 130 interrupted.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .failure import Explained

EXIT_CODES = "Exit codes: 0 all figures ok, 1 one is short, 2 could not be measured, 130 interrupted."


def run(bench: Callable[[], int]) -> int:
    """Run it; its exit code, or that of what it could not do, which is said in a line. SIGTERM and SIGHUP interrupt."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _interrupt)
    try:
        return bench()
    except Explained as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: every process that was started has been ended", file=sys.stderr)
        return 130


def public(name: str, arguments: Sequence[str]) -> str:
    """The command as a document may show it: a path of this machine is none of its business."""
    shown = [Path(argument).name if argument.startswith("/") else argument for argument in arguments]
    return " ".join([name, *shown])


def parts(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """The type of an option that takes some of these, separated by commas; they keep their own order."""

    def read(text: str) -> tuple[str, ...]:
        chosen = text.split(",")
        unknown = [part for part in chosen if part not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(known)}")
        return tuple(part for part in known if part in chosen)

    return read


def positive(text: str) -> int:
    """The type of an option that takes a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
