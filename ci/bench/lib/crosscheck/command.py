"""The command `ci/crosscheck`: order of events and exit codes."""

import argparse
import sys
from collections.abc import Sequence

from ..failure import BenchError
from .check import SEVERAL, Outcome, check
from .evaluators import HOME, PEERS, our_command
from .known import deviations

# Enough to see what kind of difference it is; the rest goes to a file.
SHOWN = 20


def main(arguments: Sequence[str]) -> int:
    """Run the check; the exit code."""
    options = _parse(arguments)
    try:
        ours = our_command()
        outcomes = {each: check(each, options.seed, options.count, ours) for each in options.generation}
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 2
    for generation, outcome in outcomes.items():
        _tell(generation, outcome, options.seed)
    return 1 if any(outcome.different for outcome in outcomes.values()) else 0


def _tell(generation: str, outcome: Outcome, seed: int) -> None:
    found = ", ".join(f"{count} {reason}" for reason, count in outcome.reasons.most_common())
    print(f"{generation}: {PEERS[generation].name}; {found}")
    for each in deviations(generation):
        if count := outcome.known[each.name]:
            print(f"{generation}: known deviation of the peer, {count} pairs: {each.name}: {each.reason}")
    if count := outcome.known[SEVERAL]:
        print(f"{generation}: known deviations of the peer, {count} pairs: several of them together")
    # One of each flag, the shortest first: the others of a flag mostly say the same.
    flags = {each.question.number: each.text() for each in reversed(outcome.different)}
    for text in sorted(flags.values(), key=len)[:SHOWN]:
        print(f"{generation}: DIFFERENT {text}")
    path = HOME / f"differences-{generation}.txt"
    path.unlink(missing_ok=True)
    if outcome.different:
        path.write_text("".join(f"{each.text()}\n" for each in outcome.different))
        print(f"{generation}: all of them in target/crosscheck/{path.name}")
    print(
        f"crosscheck {generation} seed {seed} pairs {outcome.pairs} equal {outcome.equal} "
        f"known {sum(outcome.known.values())} different {len(outcome.different)}",
        flush=True,
    )


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="ci/crosscheck",
        description="Ask random flags for random contexts of our evaluator and of the official one of the same "
        "bucketing generation, and compare variant, value, reason and error.",
        epilog="Exit codes: 0 no difference, 1 some (each printed with its reproducer), 2 it could not be checked.",
    )
    parser.add_argument("--count", type=_positive, default=100_000, help="pairs per generation (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="other flags and contexts (default: %(default)s)")
    parser.add_argument("--generation", type=_generations, default=tuple(PEERS), help="v2 or v3 (default: both)")
    return parser.parse_args(arguments)


def _generations(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if unknown := [each for each in chosen if each not in PEERS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(PEERS)}")
    return chosen


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value
