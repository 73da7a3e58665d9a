"""The targets, and the figures that follow from what was measured."""

from ..figures import Figure
from .engines import OFFICIAL, OURS, PEERS
from .results import Results

# User instructions per evaluation, by shape and by how it is asked.
INSTRUCTIONS = {
    ("a", "handle-v3"): 30,
    ("a", "name-v3"): 200,
    ("b", "handle-v2"): 140,
    ("b", "handle-v3"): 240,
    ("c", "handle-v2"): 500,
    ("c", "handle-v3"): 600,
}
# How many times fewer than the fastest of the peers, and than the official engine, where there is a rule to evaluate.
# The peers hash as v2 does (the official engine as v3): like is set beside like.
FASTEST = 5
OFFICIALLY = 100
CYCLED = 2
RELOAD_MS = 50
OFREP_SINGLE = 5
OFREP_BULK = 3


def figures(results: Results) -> list[Figure]:
    """One line for each target of the parts that were asked for."""
    found: list[Figure] = []
    if "engines" in results.parts:
        found += _engines(results)
    if "reload" in results.parts:
        found.append(Figure("flags_reload_10000", results.reload_ms, "ms", RELOAD_MS))
    if "ofrep" in results.parts:
        found.append(Figure("ofrep_single_ratio", _ratio(results, "single"), "times", OFREP_SINGLE, at_most=False))
        found.append(Figure("ofrep_bulk_ratio", _ratio(results, "bulk"), "times", OFREP_BULK, at_most=False))
    return found


def _engines(results: Results) -> list[Figure]:
    found = [
        Figure(f"flags_{shape}_{name.replace('-', '_')}", results.net(name, shape), "instructions", target)
        for (shape, name), target in INSTRUCTIONS.items()
    ]
    every = [count for (name, _), count in results.allocations.items() if name in OURS]
    found.append(Figure("flags_allocations", max(every) if every else None, "allocations", 0))
    for shape in ("b", "c"):
        peers = [net for peer in PEERS if (net := results.net(peer, shape))]
        fewer = _times(min(peers) if peers else None, results.net("handle-v2", shape))
        found.append(Figure(f"flags_{shape}_fastest_peer", fewer, "times", FASTEST, at_most=False))
        fewer = _times(results.net(OFFICIAL, shape), results.net("handle-v3", shape))
        found.append(Figure(f"flags_{shape}_official", fewer, "times", OFFICIALLY, at_most=False))
    for shape in ("b", "c"):
        timing = results.least("handle-v3", shape)
        ratio = timing.cycled / timing.hot if timing else None
        found.append(Figure(f"flags_{shape}_10000_contexts", ratio, "ratio", CYCLED))
    return found


def _times(many: float | None, few: float | None) -> float | None:
    return many / few if many and few else None


def _ratio(results: Results, load: str) -> float | None:
    spread = results.ofrep_ratio(load)
    return spread.median if spread else None
