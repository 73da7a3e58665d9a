"""The WebSocket server on websockets; ../README.md has its commands."""

import argparse
import asyncio
import http
import json
import ssl

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

GONE = {}


def pattern(size):
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def screen(connection, request):
    if request.path == "/refused":
        return connection.respond(http.HTTPStatus.FORBIDDEN, "not here\n")
    return None


async def follow(socket):
    name = None
    try:
        async for message in socket:
            verb, _, rest = message.partition(" ") if isinstance(message, str) else ("", "", "")
            if verb == "id":
                name = rest
                await socket.send("known")
            elif verb == "gone":
                await socket.send(await was_gone(rest))
            elif verb == "close":
                code, _, reason = rest.partition(" ")
                await socket.close(int(code), reason)
            elif verb == "big":
                await socket.send(pattern(int(rest)))
            elif verb == "fragments":
                await socket.send([f"part {number}\n" for number in range(int(rest))])
            elif verb == "ping":
                await (await socket.ping(b"still there?"))
                await socket.send("pong")
            elif verb == "headers":
                await socket.send(json.dumps({k.lower(): v for k, v in socket.request.headers.raw_items()}))
            elif verb == "drop":
                socket.transport.abort()
            else:
                await socket.send(message)
    except ConnectionClosed:
        pass
    finally:
        await socket.wait_closed()
        if name is not None:
            GONE[name] = f"gone {socket.close_code} {socket.close_reason}".strip()


async def was_gone(name):
    """It waits a while for what may still be on its way."""
    for _ in range(500):
        if name in GONE:
            return GONE[name]
        await asyncio.sleep(0.01)
    return "not gone"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert")
    parser.add_argument("--key")
    options = parser.parse_args()
    secure = None
    if options.cert:
        secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        secure.load_cert_chain(options.cert, options.key)
    async with serve(
        follow,
        "127.0.0.1",
        0,
        ssl=secure,
        process_request=screen,
        select_subprotocol=lambda _, offered: "peer.v1" if "peer.v1" in offered else None,
        max_size=32 << 20,
    ) as server:
        host, port = server.sockets[0].getsockname()
        print(json.dumps({"address": f"{host}:{port}"}), flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
