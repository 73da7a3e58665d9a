"""Measurements in interleaved rounds: who is measured when, and what is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ..progress import say
from ..stats import Spread, paired_ratios, spread

T = TypeVar("T")
System = TypeVar("System")


def interleaved(systems: Mapping[str, System], number: int, window: Callable[[System], T]) -> dict[str, T]:
    """Round `number`: each system after the other, the order turned by one each time, so that none is always first."""
    names = list(systems)
    turn = number % len(names)
    return {name: window(systems[name]) for name in [*names[turn:], *names[:turn]]}


@dataclass
class Series:
    """Values of one plan, by round and system."""

    rounds: list[Mapping[str, float]] = field(default_factory=list)

    def names(self) -> set[str]:
        """Who has values."""
        return {name for each in self.rounds for name in each}

    def spread(self, name: str) -> Spread | None:
        """The values of one system; nothing when it has none."""
        values = [each[name] for each in self.rounds if name in each]
        return spread(values) if values else None

    def ratio(self, name: str, peer: str) -> Spread | None:
        """The paired ratio of two systems; nothing when one of them has no values."""
        ratios = paired_ratios(self.rounds, name, [peer])
        return spread(ratios) if ratios else None

    def words(self, unit: str) -> str:
        """The last round, for the person who waits."""
        values = ", ".join(f"{name} {value:.4g}" for name, value in sorted(self.rounds[-1].items()))
        return f"{values} {unit}"


def measure_series(
    title: str, unit: str, systems: Mapping[str, System], rounds: int, window: Callable[[System], float]
) -> Series:
    """All rounds of one plan."""
    series = Series()
    for number in range(rounds):
        series.rounds.append(interleaved(systems, number, window))
        say(f"{title}, round {number + 1}/{rounds}: {series.words(unit)}")
    return series
