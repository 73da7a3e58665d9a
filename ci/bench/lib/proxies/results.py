"""What was measured, and the figures that follow from it."""

from dataclasses import dataclass, field

from ..callgrind import Cost
from ..figures import Figure
from ..stats import Spread
from .plans import BY_KEY, MEASURED, ONE, TWO, Plan
from .rounds import REFERENCE, Rounds
from .series import Series
from .split import Split

# The parts that `--only` can choose, in the order in which they run.
PARTS = (
    "size",
    "ready",
    "cpu",
    "memory",
    "workers",
    "http2",
    "grpc",
    "tls",
    "stream",
    "idle",
    "instructions",
    "allocations",
)


@dataclass
class Results:
    """Filled part by part; what was not asked for stays empty."""

    parts: tuple[str, ...]
    versions: dict[str, str] = field(default_factory=dict)
    splits: dict[str, Split] = field(default_factory=dict)
    rounds: Rounds | None = None
    # By the key of their plan.
    series: dict[str, Series] = field(default_factory=dict)
    # Bytes per connection.
    idle: dict[str, float] = field(default_factory=dict)
    # Under callgrind, per request.
    costs: dict[str, Cost] = field(default_factory=dict)
    # Of the gateway, where it copies none of its requests, and what one copy costs it.
    uncopied: Cost | None = None
    copy: Cost | None = None
    ready: dict[str, Spread] = field(default_factory=dict)
    binary_mb: float | None = None
    # What a reader must know to judge the numbers: a peer that was missing, a busy machine.
    notes: list[str] = field(default_factory=list)

    def figures(self) -> list[Figure]:
        """Those of the parts that were asked for, measured or not."""
        every = [
            ("size", Figure("prod_binary_mb", self.binary_mb, "MB", 6)),
            ("ready", Figure("ready_ms", self._ready_ms(), "ms", 30)),
            ("cpu", Figure("proxy_cpu_ratio", self._cpu_ratio(), "ratio", 0.8)),
            ("cpu", Figure("proxy_p99_ratio", self._p99_ratio(), "ratio", 1)),
            ("memory", Figure("proxy_rss_64", self._resident_mb(), "MB", 12)),
            *((plan.part, _figure(plan, self.ratio(plan))) for plan in BY_KEY.values() if plan.figure),
            ("idle", Figure("idle_connection_bytes", self.idle.get(MEASURED), "bytes", 4_000)),
            ("instructions", Figure("proxy_user_instructions", self._instructions(), "instructions/request", 14_000)),
            ("allocations", Figure("proxy_allocations", self._allocations(), "allocations/request", 0)),
        ]
        return [figure for part in PARTS for owner, figure in every if owner == part and part in self.parts]

    def ratio(self, plan: Plan) -> Spread | None:
        """The gateway's value by the peer's, or that of two workers by that of one."""
        if plan.key not in self.series:
            return None
        return self.series[plan.key].ratio(TWO if plan.peer == ONE else MEASURED, plan.peer)

    def _cpu_ratio(self) -> float | None:
        # The target speaks of the mean of both peers: with one of them alone it would be another figure.
        if self.rounds is None or not self._all_ran():
            return None
        ratio = self.rounds.ratio(MEASURED)
        return ratio.median if ratio else None

    def _p99_ratio(self) -> float | None:
        # No worse than either of them: of both medians the one that is worse for us.
        if self.rounds is None or not self._all_ran():
            return None
        return max(self.rounds.p99_ratio(MEASURED, peer).median for peer in REFERENCE)

    def _all_ran(self) -> bool:
        return self.rounds is not None and all(self.rounds.of(name) for name in (MEASURED, *REFERENCE))

    def _resident_mb(self) -> float | None:
        return self.rounds.resident_mb(MEASURED) if self.rounds and self.rounds.of(MEASURED) else None

    def _ready_ms(self) -> float | None:
        return self.ready[MEASURED].median if MEASURED in self.ready else None

    def _instructions(self) -> float | None:
        return self.costs[MEASURED].instructions if MEASURED in self.costs else None

    def _allocations(self) -> float | None:
        # Of the clients' requests: a copy is an exchange of its own, beside them. What a clock does now and then, say once in
        # a second of valgrind's slow time, is no part of a request: a hundredth of an allocation per request is none.
        return round(self.uncopied.allocations, 2) if self.uncopied else None


def _figure(plan: Plan, ratio: Spread | None) -> Figure:
    return Figure(plan.figure or plan.key, ratio.median if ratio else None, "ratio", plan.target, plan.at_most)
