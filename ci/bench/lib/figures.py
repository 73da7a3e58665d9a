"""Figures: the last lines of every bench, read by a person and by a script alike.

    figure NAME VALUE UNIT target TARGET ok|short

Six fields and a verdict, parted by single spaces, so that `awk '$1 == "figure"'` is all a script needs. A figure that
was asked for and could not be measured has the value `none` and is short: silence must never look like success.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value against its target."""

    name: str
    value: float | None
    unit: str
    target: float
    # Most figures are costs; throughput and counts set this to False.
    at_most: bool = True

    @property
    def ok(self) -> bool:
        """Whether the target is met."""
        if self.value is None:
            return False
        return self.value <= self.target if self.at_most else self.value >= self.target

    def line(self) -> str:
        """The line that ends a bench."""
        verdict = "ok" if self.ok else "short"
        return f"figure {self.name} {number(self.value)} {self.unit} target {number(self.target)} {verdict}"

    def as_json(self) -> dict[str, object]:
        """The same for `--json`."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": self.target,
            "ok": self.ok,
        }


def number(value: float | None) -> str:
    """A number as short as it can be said without hiding a miss: `none`, `30000`, `1.05`.

    The verdict is made on the full value; three decimals below 100 are finer than any target here.
    """
    if value is None:
        return "none"
    text = f"{value:.3f}" if abs(value) < 100 else f"{value:.0f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def exit_code(figures: Sequence[Figure]) -> int:
    """0 when every figure reaches its target, else 1."""
    return 0 if all(figure.ok for figure in figures) else 1
