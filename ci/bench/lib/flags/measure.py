"""The measurements in process."""

from ..failure import BenchError
from ..progress import say
from .engines import HARNESS, OURS, PEERS, SHAPES, Engines
from .results import Results

# A wave of a split with 10,000 users: four standard deviations.
EXPECTED = range(2_817, 3_184)

RELOADED = "10000"


def measure_engines(engines: Engines, results: Results, rounds: int) -> None:
    """Shares first: an engine that does something else has no figures here."""
    for shape in SHAPES:
        results.instructions[HARNESS, shape] = engines.instructions(HARNESS, shape, "run")
        for engine in (*OURS, *PEERS):
            share = results.shares[engine, shape] = engines.share(engine, shape)
            if not (share == 10_000 if shape == "a" else share in EXPECTED):
                raise BenchError(f"{engine} gives flag {shape} to {share} of 10,000 users")
            results.allocations[engine, shape] = engines.allocations(engine, shape)
            results.instructions[engine, shape] = engines.instructions(engine, shape, "run")
            net = results.net(engine, shape)
            say(f"{engine} {shape}: {net:.0f} instructions, {results.allocations[engine, shape]:g} allocations")
    # Round by round, so that a slow minute of the machine is everybody's.
    for number in range(rounds):
        for shape in SHAPES:
            for engine in (*OURS, *PEERS):
                results.timings.setdefault((engine, shape), []).append(engines.timing(engine, shape))
        say(f"times, round {number + 1}/{rounds}")


def measure_reload(engines: Engines, results: Results, rounds: int) -> None:
    """The least of several processes: what a reload costs where nothing disturbs it."""
    results.reload_ms = min(engines.ask("reload", RELOADED, "3")["ms"] for _ in range(rounds))
    results.reload_instructions = engines.instructions("reload", RELOADED, few=1, many=2)
    say(f"reload of 10,000 flags: {results.reload_ms:.1f} ms, {results.reload_instructions / 1e6:.1f} M instructions")
