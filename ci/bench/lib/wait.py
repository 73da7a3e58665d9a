"""Waiting for a condition, with an end."""

import time
from collections.abc import Callable

from .failure import BenchError


def until(what: str, holds: Callable[[], bool], seconds: float = 20.0, every: float = 0.005) -> None:
    """Return as soon as it holds, looking `every` so many seconds; fail in its own words when it does not in time."""
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            raise BenchError(f"after {seconds:.0f} s still not: {what}")
        time.sleep(every)
