"""Which core the measured process gets and which one the load."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Cores:
    """Two cores: sharing one would count the load's cache misses as the proxy's cost."""

    measured: int
    load: int

    @property
    def apart(self) -> bool:
        """Whether the machine had two cores to give."""
        return self.measured != self.load

    @property
    def pair(self) -> tuple[int, int]:
        """Two cores for two workers: one that nobody uses where there is a third, else the load's."""
        others = sorted(os.sched_getaffinity(0) - {self.measured, self.load})
        return self.measured, others[0] if others else self.load


def choose() -> Cores:
    """The first two cores this process may use; the same one twice when there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(measured=allowed[0], load=allowed[min(1, len(allowed) - 1)])


@contextmanager
def pinned(*cores: int) -> Iterator[None]:
    """Pin the calling thread, so that a process started in this block is born on one of `cores`.

    Chosen over `preexec_fn`, which makes Python fork its whole self instead of using vfork: that would add its own
    milliseconds to the start that we measure.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
