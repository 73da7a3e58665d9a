"""User instructions and allocations per request, by valgrind's callgrind: the figures that a busy machine does not move.

Two runs of the same program, with different exact numbers of requests; the difference of the totals divided by the
difference of the numbers. Start, warm-up and end are in both totals and cancel out. Chosen over `callgrind_control -z`
in one run, which needs a side channel into the process (a FIFO and ptrace) that containers often forbid.

Allocations are calls of the C library's allocator, which callgrind counts by the way: the program is the one that ships,
stripped and optimised, and nothing is linked into it or laid over it, as a counting allocator would be.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .children import Child, Children
from .failure import BenchError

# The first run is the warm-up: pools are filled, buffers have their size.
FEW = 2_048
MANY = 8_192

# Under valgrind everything is some fifty times slower, also the start.
START_LIMIT = 60.0
STOP_LIMIT = 30.0


# All that give memory, as they are exported. What they call inside the library has other names.
ALLOCATORS = {"malloc", "calloc", "realloc", "reallocarray", "memalign", "aligned_alloc", "posix_memalign"}


@dataclass(frozen=True)
class Cost:
    """User instructions and allocations, of a life or of a request."""

    instructions: float
    allocations: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.instructions + other.instructions, self.allocations + other.allocations)


def cost_per_request(run: Callable[[int], Cost], few: int = FEW, many: int = MANY) -> Cost:
    """`run(count)` gives the cost of a whole life with `count` requests."""
    dear, cheap = run(many), run(few)
    requests = many - few
    return Cost(
        (dear.instructions - cheap.instructions) / requests,
        (dear.allocations - cheap.allocations) / requests,
    )


def cost_of_one_life(
    children: Children,
    name: str,
    argv: Sequence[str],
    core: int,
    folder: Path,
    drive: Callable[[Child], None],
) -> Cost:
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
    return sum_of_costs(folder, child)


def sum_of_costs(folder: Path, child: Child) -> Cost:
    """The costs of all processes of that life."""
    reports = [file.read_text(errors="replace") for file in sorted(folder.glob("out.*"))]
    cost = sum((Cost(total(report), allocations(report)) for report in reports), Cost(0, 0))
    if not cost.instructions:
        raise BenchError(f"callgrind wrote no totals for {child.name}: {child.last_words()}")
    # Every program allocates while it starts: none at all means that its allocator is not the C library's.
    if not cost.allocations:
        raise BenchError(f"callgrind saw no allocation of {child.name}: it has an allocator of its own")
    return cost


def total(report: str) -> int:
    """The total of one callgrind file; 0 when it has none (a process killed before it could write)."""
    found = re.search(r"^(?:totals|summary): (\d+)", report, re.MULTILINE)
    return int(found[1]) if found else 0


def allocations(report: str) -> int:
    """How often one of the allocators was called, by the call lines of one callgrind file.

    `cfn=(12) malloc` names the function that the next `calls=N` line is about; later lines say `(12)` alone. A symbol's
    version and callgrind's mark of a recursion (`malloc'2`) are no part of its name.
    """
    named: dict[str, bool] = {}
    count, called = 0, False
    for line in report.splitlines():
        if line.startswith(("cfn=", "fn=")):
            kind, _, text = line.partition("=")
            number, _, name = text.partition(" ")
            if name:
                named[number] = re.split("[@']", name)[0] in ALLOCATORS
            if kind == "cfn":
                called = named.get(number, False)
        elif called and line.startswith("calls="):
            count += int(line[len("calls=") :].split()[0])
    return count
