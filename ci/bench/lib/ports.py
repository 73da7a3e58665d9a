"""Free ports on the loopback."""

import socket


def free_ports(count: int) -> list[int]:
    """`count` different ports that nobody listens on.

    All are held until the last is known, so none is given twice. nginx and HAProxy cannot report a port that the
    system chose for them, so the short race after the release has to be borne.
    """
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()
