"""User instructions per request, by valgrind's callgrind: the one figure that a busy machine does not move.

Two runs of the same program, with different exact numbers of requests; the difference of the totals divided by the
difference of the numbers. Start, warm-up and end are in both totals and cancel out. Chosen over `callgrind_control -z`
in one run, which needs a side channel into the process (a FIFO and ptrace) that containers often forbid.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from .children import Child, Children
from .failure import BenchError

# The first run is the warm-up: pools are filled, buffers have their size.
FEW = 2_048
MANY = 8_192

# Under valgrind everything is some fifty times slower, also the start.
START_LIMIT = 60.0
STOP_LIMIT = 30.0


def instructions_per_request(run: Callable[[int], int], few: int = FEW, many: int = MANY) -> float:
    """`run(count)` gives the instructions of a whole life with `count` requests."""
    return (run(many) - run(few)) / (many - few)


def total_of_one_life(
    children: Children,
    name: str,
    argv: Sequence[str],
    core: int,
    folder: Path,
    drive: Callable[[Child], None],
) -> int:
    """Run `argv` under callgrind, let `drive` wait for it and load it, end it, and read what it cost."""
    folder.mkdir(parents=True)
    valgrind = [
        "valgrind",
        "--quiet",
        "--tool=callgrind",
        # nginx works in a child; %p gives each process a file of its own.
        "--trace-children=yes",
        f"--callgrind-out-file={folder}/out.%p",
    ]
    child = children.start(f"{name}-callgrind", [*valgrind, *argv], core)
    drive(child)
    # By SIGTERM: a killed process writes no totals.
    children.stop(child, grace=STOP_LIMIT)
    return sum_of_totals(folder, child)


def sum_of_totals(folder: Path, child: Child) -> int:
    """The totals of all processes of that life."""
    totals = [total(file.read_text(errors="replace")) for file in sorted(folder.glob("out.*"))]
    if not any(totals):
        raise BenchError(f"callgrind wrote no totals for {child.name}: {child.last_words()}")
    return sum(totals)


def total(report: str) -> int:
    """The total of one callgrind file; 0 when it has none (a process killed before it could write)."""
    found = re.search(r"^(?:totals|summary): (\d+)", report, re.MULTILINE)
    return int(found[1]) if found else 0
