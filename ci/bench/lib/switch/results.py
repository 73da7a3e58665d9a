"""What was counted."""

from dataclasses import dataclass, field

# The parts that `--only` can choose, in the order in which they run.
PARTS = ("switch", "reload", "kill")

# What an exchange may become beside answered; each is a loss.
LOSSES = ("refused", "reset", "unanswered", "status_5xx", "wrong")

# What `load clients` writes: by kind of client, by word.
Tallies = dict[str, dict[str, int | list[str]]]


@dataclass
class Run:
    """One system, one part."""

    events: int
    seconds: float
    tallies: Tallies
    # How many connections each process held that was killed: so much may be lost by its nature.
    held: list[int] = field(default_factory=list)

    def sum(self, word: str) -> int:
        """Over all kinds of clients."""
        return sum(int(kind[word]) for kind in self.tallies.values())  # type: ignore[arg-type]

    @property
    def lost(self) -> int:
        """Exchanges that did not get what they were promised."""
        return sum(self.sum(word) for word in LOSSES)

    @property
    def longest(self) -> int:
        """The longest that any client waited, in milliseconds."""
        return max(int(kind["longest_ms"]) for kind in self.tallies.values())  # type: ignore[arg-type]


@dataclass
class Results:
    """Filled part by part; what was not asked for stays empty."""

    parts: tuple[str, ...]
    # (part, system)
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    # What a reader must know to judge the numbers.
    notes: list[str] = field(default_factory=list)
