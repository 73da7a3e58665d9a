"""Large bodies over one connection: how fast they go through, and what a gigabyte costs."""

from ..progress import say
from .backend import BULK
from .model import Proxy, Wants
from .results import Results
from .scene import scene
from .series import Series, interleaved
from .stage import Stage
from .transfer import WAYS, prove_transfer, transfer

BYTES = 2_000_000_000


def measure_stream(stage: Stage, proxies: list[Proxy], rounds: int, count: int, results: Results) -> None:
    """Downloads and uploads; rate and cost are of the same transfer."""
    with scene(stage, proxies, results, "large bodies", prove_transfer, Wants(large_bodies=True), BULK) as systems:
        for way in WAYS:
            rates, costs = Series(), Series()
            for number in range(rounds):
                found = interleaved(systems, number, lambda running: transfer(stage, running, way, count))
                rates.rounds.append({name: each.megabytes_per_second for name, each in found.items()})
                costs.rounds.append({name: each.cpu_ms_per_gigabyte for name, each in found.items()})
                say(f"{way}, round {number + 1}/{rounds}: {rates.words('MB/s')}; {costs.words('CPU ms/GB')}")
            results.series[way], results.series[f"{way}_cpu"] = rates, costs
