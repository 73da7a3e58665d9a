"""TLS: CPU of a handshake and of a gigabyte, in the proxy alone.

HAProxy is the peer of the figures; nginx is shown. All get the same certificates and keys, offer 1.2 and 1.3 with what they
have by default, and face the same client; who agrees with it on another cipher than the others is not measured at all.
"""

from functools import partial

from .. import tls
from ..cores import pinned
from ..failure import BenchError
from .backend import BULK
from .model import Certificate, Proxy, Wants
from .plans import BY_KEY, HANDSHAKES, Handshake
from .results import Results
from .scene import Systems, cpu_of, scene
from .series import Series, measure_series
from .split import verify
from .stage import Running, Stage
from .transfer import WAYS, prove_transfer, transfer

# For each second of a window: a handshake with RSA costs about a millisecond, a gigabyte about one second.
HANDSHAKES_A_SECOND = 150
BYTES_A_SECOND = 250_000_000
_FEW = 20


def measure_tls(stage: Stage, proxies: list[Proxy], rounds: int, seconds: int, results: Results) -> None:
    """All kinds of handshakes, then a body in each direction."""
    client = tls.context("1.3")
    made = {kind: Certificate(*tls.make_certificate(stage.folder, kind)) for kind in tls.KEYS}
    for kind, certificate in made.items():
        wants, prove = Wants(certificate=certificate), partial(verify, tls=client)
        with scene(stage, proxies, results, f"TLS with {kind}", prove, wants, tls=client) as systems:
            for shake in (shake for shake in HANDSHAKES if shake.certificate == kind):
                series = _handshakes(stage, shake, systems, rounds, HANDSHAKES_A_SECOND * seconds)
                results.series[f"tls_{shake.key}"] = series
    wants = Wants(certificate=made["ecdsa"], large_bodies=True)
    prove = partial(prove_transfer, tls=client)
    with scene(stage, proxies, results, "bytes over TLS", prove, wants, BULK, client) as systems:
        for way in WAYS:
            plan = BY_KEY[f"tls_{way}"]
            count = BYTES_A_SECOND * seconds

            def window(running: Running) -> float:
                return transfer(stage, running, way, count, client).cpu_ms_per_gigabyte

            results.series[plan.key] = measure_series(plan.title, plan.unit, systems, rounds, window)


def _handshakes(stage: Stage, shake: Handshake, systems: Systems, rounds: int, count: int) -> Series:
    client = tls.context(shake.version)
    agreed: dict[str, str] = {}

    def window(number: int, running: Running) -> float:
        def load() -> float:
            with pinned(stage.cores.load):
                agreed[running.proxy.name] = tls.handshakes(running.site.listen, number, client, shake.resumed).cipher
            return number

        return cpu_of(running, load) / 1000

    for system in systems.values():
        window(_FEW, system)
    if len(set(agreed.values())) > 1:
        raise BenchError(f"{shake.title}: not the same ciphers: {agreed}")
    plan = BY_KEY[f"tls_{shake.key}"]
    return measure_series(plan.title, plan.unit, systems, rounds, partial(window, count))
