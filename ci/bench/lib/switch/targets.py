"""The figures and their targets."""

from ..figures import Figure
from .results import LOSSES, Results

OURS = "graylane"


def figures(results: Results) -> list[Figure]:
    """Those of the parts that were asked for."""
    found = []
    for part in ("switch", "reload"):
        if part in results.parts:
            run = results.runs.get((part, OURS))
            found.extend(Figure(f"{part}_{word}", run and run.sum(word), "exchanges", 0) for word in LOSSES)
    if "kill" in results.parts:
        run = results.runs.get(("kill", OURS))
        beyond = None if run is None else max(0, run.lost - sum(run.held))
        found.append(Figure("kill_lost_beyond_held", beyond, "exchanges", 0))
    return found
