"""A process and its descendants: nginx is a master and a worker, and only the worker works."""

from pathlib import Path

PROC = Path("/proc")


def tree(pid: int, proc: Path = PROC) -> list[int]:
    """`pid` and everything below it, found by the parents that /proc names."""
    below: dict[int, list[int]] = {}
    for entry in proc.iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)) is not None:
            below.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for known in found:
        found.extend(sorted(below.get(known, [])))
    return found


def _parent(entry: Path) -> int | None:
    try:
        stat = (entry / "stat").read_text()
    except OSError:
        return None  # It ended while we looked.
    # The name in parentheses may hold spaces and parentheses itself, so count from its end.
    return int(stat.rpartition(")")[2].split()[1])
