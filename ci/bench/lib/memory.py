"""Resident memory of a process and its descendants."""

from dataclasses import dataclass
from pathlib import Path

from .tree import PROC, tree

# The kernel says "kB" and means 1024 bytes; MB means 1,000,000 bytes in all of this project.
KIB = 1024
MB = 1_000_000


@dataclass(frozen=True)
class Memory:
    """Megabytes now, and at the highest point since the start."""

    resident_mb: float
    peak_mb: float


def memory(pid: int, proc: Path = PROC) -> Memory:
    """VmRSS and VmHWM, summed over the tree (pages shared by master and worker count twice)."""
    fields = [_fields(proc / str(process) / "status") for process in tree(pid, proc)]
    return Memory(
        resident_mb=sum(each.get("VmRSS", 0) for each in fields) * KIB / MB,
        peak_mb=sum(each.get("VmHWM", 0) for each in fields) * KIB / MB,
    )


def _fields(status: Path) -> dict[str, int]:
    pairs = (line.split() for line in status.read_text().splitlines())
    return {pair[0].rstrip(":"): int(pair[1]) for pair in pairs if len(pair) == 3 and pair[2] == "kB"}
