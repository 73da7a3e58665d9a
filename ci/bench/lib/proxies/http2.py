"""HTTP/2 and gRPC: CPU per request, eight connections with eight streams each.

The peer of the figures is Envoy, which is what speaks both in both directions where people run gRPC. It splits by a hash of
the same key, adds the same lane header, and has its timers on; as for HTTP/1.1 nobody is asked for our forwarding headers,
metrics of lanes, limits and breaker, so that the comparison is strict on purpose. HAProxy, and nginx where it can, are shown.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from .. import h2, traffic
from ..failure import BenchError
from .backend import GRPC, GRPC_MESSAGE, GRPC_PATH, HTTP1, HTTP2
from .model import Proxy, Wants
from .plans import BY_KEY, Plan
from .results import Results
from .scene import cpu_of, scene
from .series import Series, measure_series
from .split import verify_http2
from .stage import Running, Stage

_FIELDS = [f"{name.lower()}: {value}" for name, value in traffic.PLAIN_HEADERS.items()]
_GRPC_FIELDS = ["user-agent: bench/1", "content-type: application/grpc", "te: trailers", "grpc-timeout: 10S"]

# What is sent in one window, as `h2.load` takes it.
Load = Callable[..., int]


def measure_http2(stage: Stage, proxies: list[Proxy], rounds: int, seconds: int, results: Results) -> None:
    """From HTTP/2 to HTTP/1.1 and to HTTP/2."""
    load = partial(h2.load, core=stage.cores.load, uris=h2.write_uris(stage.folder, "/"), fields=_FIELDS)
    for key, kind in (("http2_to_http1", HTTP1), ("http2_to_http2", HTTP2)):
        wants = Wants(http2_clients=True, http2_upstreams=kind == HTTP2)
        with scene(stage, proxies, results, BY_KEY[key].title, verify_http2, wants, kind) as systems:
            results.series[key] = _measure(BY_KEY[key], systems, load, rounds, seconds)


def measure_grpc(stage: Stage, proxies: list[Proxy], rounds: int, seconds: int, results: Results) -> None:
    """A call of one message, answered by one message and by trailers."""
    message = stage.folder / "message"
    message.write_bytes(GRPC_MESSAGE)
    uris = h2.write_uris(stage.folder, GRPC_PATH)
    load = partial(h2.load, core=stage.cores.load, uris=uris, fields=_GRPC_FIELDS, body=message)
    wants = Wants(http2_clients=True, http2_upstreams=True)
    plan = BY_KEY["grpc"]
    with scene(stage, proxies, results, plan.title, partial(_prove_call, message), wants, GRPC) as systems:
        results.series[plan.key] = _measure(plan, systems, load, rounds, seconds)


def _measure(plan: Plan, systems: dict[str, Running], load: Load, rounds: int, seconds: int) -> Series:
    def window(length: int, system: Running) -> float:
        return cpu_of(system, lambda: load(system.site.listen, length)) / 1000

    # The first, short turn is thrown away: pools and caches are filled by it.
    for system in systems.values():
        window(1, system)
    return measure_series(plan.title, plan.unit, systems, rounds, partial(window, seconds))


def _prove_call(message: Path, running: Running) -> None:
    """The trailers must come through: a proxy that drops them would have less to do."""
    said = h2.call(running.site.listen, GRPC_PATH, message, _GRPC_FIELDS)
    if "grpc-status: 0" not in said:
        raise BenchError(f"{running.proxy.name} passed no grpc-status on")
