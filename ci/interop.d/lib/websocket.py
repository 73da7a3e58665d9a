"""WebSocket: conversations of two clients with two servers, in both schemes."""

from .checks import Checks
from .world import World


def client(world: World, language: str, service: str, listener: str = "plain") -> list[object]:
    """One client's list of cases, with one service."""
    program = world.peers.node("ws_client") if language == "node" else world.peers.python("ws_client")
    return [*program, *world.at(service, listener)]


def check(world: World, checks: Checks) -> None:
    """All of it."""
    languages = ("node", "python")
    programs = {f"{ours} to {theirs}": client(world, ours, f"ws-{theirs}") for ours in languages for theirs in languages}
    if not world.direct:
        programs |= {
            "node to python over TLS": client(world, "node", "ws-python", "tls"),
            "python to node over TLS": client(world, "python", "ws-node", "tls"),
            "python to node behind TLS": client(world, "python", "ws-secure"),
            "node to node, TLS on both sides": client(world, "node", "ws-secure", "tls"),
        }
    world.together(checks, programs)
