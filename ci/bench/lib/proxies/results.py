"""What was measured, and the figures that follow from it."""

from dataclasses import dataclass, field

from ..figures import Figure
from ..stats import Spread
from .rounds import REFERENCE, Rounds
from .split import Split

MEASURED = "graylane"

# The parts that `--only` can choose, in the order in which they run.
PARTS = ("size", "ready", "cpu", "memory", "instructions")


@dataclass
class Results:
    """Filled part by part; what was not asked for stays empty."""

    parts: tuple[str, ...]
    versions: dict[str, str] = field(default_factory=dict)
    splits: dict[str, Split] = field(default_factory=dict)
    rounds: Rounds | None = None
    instructions: dict[str, float] = field(default_factory=dict)
    ready: dict[str, Spread] = field(default_factory=dict)
    binary_mb: float | None = None
    # What a reader must know to judge the numbers: a peer that was missing, a busy machine.
    notes: list[str] = field(default_factory=list)

    def figures(self) -> list[Figure]:
        """One per part that was asked for, measured or not."""
        every = {
            "cpu": Figure("proxy_cpu_ratio", self._cpu_ratio(), "ratio", 1.05),
            "instructions": Figure(
                "proxy_user_instructions", self.instructions.get(MEASURED), "instructions/request", 30_000
            ),
            "memory": Figure("proxy_rss_64", self._resident_mb(), "MB", 12),
            "ready": Figure("ready_ms", self._ready_ms(), "ms", 30),
            "size": Figure("prod_binary_mb", self.binary_mb, "MB", 6),
        }
        return [figure for part, figure in every.items() if part in self.parts]

    def _cpu_ratio(self) -> float | None:
        # The target speaks of the mean of both peers: with one of them alone it would be another figure.
        if self.rounds is None or not all(self.rounds.of(name) for name in (MEASURED, *REFERENCE)):
            return None
        ratio = self.rounds.ratio(MEASURED)
        return ratio.median if ratio else None

    def _resident_mb(self) -> float | None:
        return self.rounds.resident_mb(MEASURED) if self.rounds and self.rounds.of(MEASURED) else None

    def _ready_ms(self) -> float | None:
        return self.ready[MEASURED].median if MEASURED in self.ready else None
