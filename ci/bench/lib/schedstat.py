"""CPU time in nanoseconds, from the scheduler's own books.

/proc/PID/task/*/schedstat counts run time in nanoseconds, where /proc/PID/stat counts ticks of 10 ms. Time of threads
that have ended is lost; none of the measured programs ends a thread while it serves.
"""

from pathlib import Path

from .tree import PROC, tree


def cpu_nanoseconds(pid: int, proc: Path = PROC) -> int:
    """Run time of all threads of `pid` and its descendants, user and kernel together.

    Kernel time counts on purpose: more than half of a proxy's cost is the sockets it uses, and how often.
    """
    return sum(
        int(task.read_text().split()[0])
        for process in tree(pid, proc)
        for task in sorted((proc / str(process) / "task").glob("*/schedstat"))
    )
