"""CPU per request, latency and memory, in interleaved rounds."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import wrk
from ..memory import Memory, memory
from ..progress import say
from ..schedstat import cpu_nanoseconds
from ..stats import Spread, paired_ratios, spread
from .series import interleaved
from .stage import Running

# Both; Envoy and others are shown beside them.
REFERENCE = ("nginx", "haproxy")


@dataclass(frozen=True)
class Window:
    """One proxy in one round."""

    cpu_us: float
    load: wrk.Load
    memory: Memory


@dataclass
class Rounds:
    """All windows, by round and name."""

    windows: list[dict[str, Window]] = field(default_factory=list)

    def of(self, name: str) -> list[Window]:
        """The windows of one proxy."""
        return [each[name] for each in self.windows if name in each]

    def cpu(self, name: str) -> Spread:
        """Microseconds of CPU per request."""
        return spread([window.cpu_us for window in self.of(name)])

    def ratio(self, name: str) -> Spread | None:
        """Paired ratio to the mean of the reference peers that ran; nothing when none did."""
        peers = [peer for peer in REFERENCE if self.of(peer)]
        costs = [{proxy: window.cpu_us for proxy, window in each.items()} for each in self.windows]
        ratios = paired_ratios(costs, name, peers) if peers else []
        return spread(ratios) if ratios else None

    def p99_ratio(self, name: str, peer: str) -> Spread:
        """Paired ratio of the 99th percentiles of two that ran."""
        times = [{proxy: float(window.load.p99_us) for proxy, window in each.items()} for each in self.windows]
        return spread(paired_ratios(times, name, [peer]))

    def resident_mb(self, name: str) -> float:
        """The highest of the samples that were taken with all connections open."""
        return max(window.memory.resident_mb for window in self.of(name))

    def peak_mb(self, name: str) -> float:
        """The kernel's own high-water mark."""
        return max(window.memory.peak_mb for window in self.of(name))

    def latency_us(self, name: str) -> tuple[float, float]:
        """p50 and p99, each the median over the rounds."""
        loads = [window.load for window in self.of(name)]
        return (
            statistics.median(load.p50_us for load in loads),
            statistics.median(load.p99_us for load in loads),
        )


def measure(systems: Sequence[Running], rounds: int, seconds: int, core: int, folder: Path) -> Rounds:
    """`rounds` times each system after the other, the order turned by one each time.

    All run for the whole time, so pools and caches of the process are warm; the others have nothing to do while one
    is loaded. The first, short turn is thrown away.
    """
    script = wrk.write_script(folder)
    for system in systems:
        _window(system, 1, core, script)
    result = Rounds()
    for number in range(rounds):
        by_name = {each.proxy.name: each for each in systems}
        result.windows.append(interleaved(by_name, number, lambda each: _window(each, seconds, core, script)))
        say(f"round {number + 1}/{rounds}: {_words(result.windows[-1])}")
    return result


def _window(running: Running, seconds: int, core: int, script: Path) -> Window:
    """The books before and after exactly one run of wrk, so that all its requests are the divisor."""
    samples: list[Memory] = []
    before = cpu_nanoseconds(running.child.pid)
    load = wrk.run(
        running.site.listen,
        seconds,
        core,
        script,
        halfway=lambda: samples.append(memory(running.child.pid)),
    )
    spent = cpu_nanoseconds(running.child.pid) - before
    running.child.require_alive()
    return Window(cpu_us=spent / 1000 / load.requests, load=load, memory=samples[0])


def _words(windows: dict[str, Window]) -> str:
    return ", ".join(f"{name} {windows[name].cpu_us:.1f} us" for name in sorted(windows))
