"""Medians, quartiles and paired ratios."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """A median with its quartiles: what a shared machine allows one to say."""

    median: float
    low: float
    high: float
    count: int

    def text(self, digits: int = 2) -> str:
        """`1.02 (0.97-1.08)`."""
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}-{self.high:.{digits}f})"

    def as_json(self) -> dict[str, float]:
        """The same for `--json`."""
        return {"median": self.median, "q1": self.low, "q3": self.high, "n": self.count}


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles (inclusive method: the samples are all there is)."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0], 1)
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high, len(values))


def paired_ratios(
    rounds: Sequence[Mapping[str, float]], name: str, peers: Sequence[str]
) -> list[float]:
    """For each round, the cost of `name` divided by the mean of the peers' costs in that same round.

    Pairing within a round removes what a busy host does to all of them alike; the ratio of two medians would not.
    Rounds that lack one of the names are left out.
    """
    return [
        costs[name] / statistics.fmean(costs[peer] for peer in peers)
        for costs in rounds
        if name in costs and all(peer in costs for peer in peers)
    ]
