"""What is left behind, and how the gateway ends."""

import json

from .checks import Checks, holds, same, until
from .world import World


def check(world: World, checks: Checks) -> None:
    """The last suite: afterwards there is no gateway."""
    with checks("no exchange and no connection is left behind"):
        world.settle("graylane_exchanges_in_flight")
        world.settle("graylane_connections")
    with checks("a drain lets the streams of gRPC end"):
        # The call ends by its own deadline, and not by the gateway.
        order = [{"method": "Hold", "message": "drained", "timeout": 2}]
        client = world.processes.start("drained", [*world.peers.go("grpc-calls"), *world.at("go")], json.dumps(order))
        until("the stream is there", lambda: world.metric("graylane_exchanges_in_flight") == 1)
        code = world.stop_gateway()
        got = json.loads(client.wait(10).out)[0]
        same("the stream's message and end", (got["answer"], got["code"]), ("held", 4))
        same("the gateway's end", code, 0)
    with checks("the gateway did not panic"):
        holds("its log", "panicked" not in world.gateway.error, world.gateway.error[-500:])
