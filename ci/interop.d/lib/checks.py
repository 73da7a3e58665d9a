"""Counts what held, and shows what did not."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


# So many of a suite are told: where one thing is broken, a hundred others are too.
SHOWN = 12


class CannotRun(Exception):
    """Something that has to be there first is not."""


class Wrong(Exception):
    """What came is not what should have come."""


def same(what: str, got: object, wanted: object) -> None:
    """Both in the message, cut where they are long."""
    if got != wanted:
        raise Wrong(f"{what}: {str(got)[:300]!r} instead of {str(wanted)[:300]!r}")


def holds(what: str, it_does: bool, seen: object = "") -> None:
    """For what is no equality; `seen` says what was there instead."""
    if not it_does:
        raise Wrong(f"{what}{f': {str(seen)[:300]!r}' if seen != '' else ''}")


def until(what: str, look: Callable[[], bool], limit: float = 10) -> None:
    """Waits for a condition, looking often."""
    end = time.monotonic() + limit
    while not look():
        if time.monotonic() > end:
            raise Wrong(f"{what}: not within {limit} s")
        time.sleep(0.02)


class Checks:
    """The checks of one suite."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.passed = 0
        self.wrong: list[str] = []
        self._began = time.monotonic()

    @contextmanager
    def __call__(self, sentence: str) -> Iterator[None]:
        """One check: it holds unless the block raises."""
        try:
            yield
        except CannotRun:
            raise
        except Exception as error:
            said = str(error) if isinstance(error, Wrong) else f"{type(error).__name__}: {error}"
            self.wrong.append(f"{sentence}: {said}")
        else:
            self.passed += 1

    def take(self, where: str, lines: str, code: int) -> None:
        """The lines of a program that checks by itself, `ok NAME` or `FAIL NAME: why`."""
        found = [line for line in lines.splitlines() if line.startswith(("ok ", "FAIL "))]
        wrong = [f"{where}: {line.removeprefix('FAIL ')}" for line in found if line.startswith("FAIL ")]
        if code != 0 and not wrong:
            wrong.append(f"{where}: it ended with {code}")
        if not found:
            wrong.append(f"{where}: it checked nothing")
        self.passed += sum(line.startswith("ok ") for line in found)
        self.wrong += wrong

    def show(self, every: bool) -> None:
        """One line, and one more for each that did not hold, or for the first of them."""
        shown = len(self.wrong) if every else SHOWN
        seconds = time.monotonic() - self._began
        print(f"{self.name:12} {self.passed:3} of {self.passed + len(self.wrong):3}   {seconds:5.1f} s", flush=True)
        for line in self.wrong[:shown]:
            print(f"  FAIL {line[:400]}".replace("\n", " "), flush=True)
        if len(self.wrong) > shown:
            print(f"  and {len(self.wrong) - shown} more", flush=True)
