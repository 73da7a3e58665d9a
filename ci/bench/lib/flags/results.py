"""What was measured."""

from dataclasses import dataclass, field

from ..stats import Spread, paired_ratios, spread
from .engines import HARNESS, Timing

# The parts that `--only` can choose, in the order in which they run.
PARTS = ("engines", "reload", "ofrep")

# (engine, shape)
Cell = tuple[str, str]


@dataclass
class Results:
    """Filled part by part; what was not asked for stays empty."""

    parts: tuple[str, ...]
    shares: dict[Cell, int] = field(default_factory=dict)
    instructions: dict[Cell, float] = field(default_factory=dict)
    allocations: dict[Cell, float] = field(default_factory=dict)
    timings: dict[Cell, list[Timing]] = field(default_factory=dict)
    reload_ms: float | None = None
    reload_instructions: float | None = None
    # For each kind of load, the rounds: CPU nanoseconds per request by name of the server.
    ofrep: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    # What a reader must know to judge the numbers: a peer that was missing, a busy machine.
    notes: list[str] = field(default_factory=list)

    def net(self, engine: str, shape: str) -> float | None:
        """Instructions of one evaluation, without those of the loop around it."""
        if (engine, shape) not in self.instructions:
            return None
        return self.instructions[engine, shape] - self.instructions.get((HARNESS, shape), 0)

    def least(self, engine: str, shape: str) -> Timing | None:
        """The least of all processes: what disturbs a window only ever adds to it."""
        every = self.timings.get((engine, shape))
        if not every:
            return None
        return Timing(min(each.hot for each in every), min(each.cycled for each in every))

    def ofrep_ratio(self, load: str) -> Spread | None:
        """How many times the requests of flagd a CPU second of ours answers, paired by round."""
        ratios = paired_ratios(self.ofrep.get(load, []), "flagd", ["graylane"])
        return spread(ratios) if ratios else None
