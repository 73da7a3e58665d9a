"""What a process holds and does, as the kernel knows it."""

import os
import re
from pathlib import Path

# States of TCP in which a connection has been accepted and may have a request under way: ESTABLISHED, CLOSE_WAIT.
OPEN = {"01", "08"}


def established(pid: int, ports: set[int]) -> int:
    """How many open connections to these ports of its own a process holds."""
    links = (_link(entry) for entry in Path(f"/proc/{pid}/fd").iterdir())
    inodes = {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}
    return sum(counts(table, inodes, ports) for table in _tables(pid))


def stands_still(pid: int) -> bool:
    """Whether all threads of a process are stopped: none of them accepts any more."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    # The state stands behind the name, which may have anything in it.
    return all((thread / "stat").read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)


def counts(table: str, inodes: set[str], ports: set[int]) -> int:
    """The same of a table as `/proc/PID/net/tcp` has it."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return sum(row[3] in OPEN and row[9] in inodes and int(row[1].split(":")[1], 16) in ports for row in rows)


def _link(entry: Path) -> str:
    try:
        return os.readlink(entry)
    except FileNotFoundError:
        return ""


def _tables(pid: int) -> list[str]:
    return [Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
