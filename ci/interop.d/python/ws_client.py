"""Conversations over WebSocket by websockets: one line for each, `ok NAME` or `FAIL NAME: why`."""

import argparse
import asyncio
import secrets
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

PATIENCE = 20
CASES = []


def case(name):
    def keep(check):
        CASES.append((name, check))
        return check

    return keep


class Wrong(Exception):
    """What came is not what should have come."""


def same(what, got, wanted):
    if got != wanted:
        raise Wrong(f"{what}: {str(got)[:200]!r} instead of {str(wanted)[:200]!r}")


def pattern(size):
    return (bytes(range(251)) * (size // 251 + 1))[:size]


async def closed(socket):
    """The code and reason that the connection ends with."""
    try:
        await socket.recv()
    except ConnectionClosed:
        return socket.close_code, socket.close_reason
    raise Wrong("a message came")


@case("text comes back, also none and beyond ASCII")
async def text(dial):
    async with dial() as socket:
        for said in ("said", "", "灰度发布 \N{ROCKET}"):
            await socket.send(said)
            same("answer", await socket.recv(), said)


@case("bytes of every length code come back")
async def lengths(dial):
    async with dial() as socket:
        for size in (0, 1, 125, 126, 65535, 65536, 1 << 20):
            await socket.send(pattern(size))
            same(f"{size} bytes", await socket.recv() == pattern(size), True)


@case("a megabyte without compression")
async def uncompressed(dial):
    async with dial(compression=None) as socket:
        await socket.send(pattern(1 << 20))
        same("answer", await socket.recv() == pattern(1 << 20), True)
        await socket.send(f"big {1 << 20}")
        same("big", await socket.recv() == pattern(1 << 20), True)


@case("fragments go both ways")
async def fragments(dial):
    async with dial() as socket:
        await socket.send([f"piece {number}\n" for number in range(100)])
        same("ours", await socket.recv(), "".join(f"piece {number}\n" for number in range(100)))
        await socket.send("fragments 100")
        parts = [part async for part in socket.recv_streaming()]
        same("theirs", "".join(parts), "".join(f"part {number}\n" for number in range(100)))
        same("they came in pieces", len([part for part in parts if part]) >= 100, True)


@case("pings are answered both ways")
async def pings(dial):
    async with dial() as socket:
        await asyncio.wait_for(await socket.ping(b"there?"), PATIENCE)
        await socket.send("ping")
        same("answer", await socket.recv(), "pong")


@case("subprotocol and compression are agreed upon")
async def agreed(dial):
    async with dial(subprotocols=["other", "peer.v1"]) as socket:
        same("subprotocol", socket.subprotocol, "peer.v1")
        same("compression", [type(one).__name__ for one in socket.protocol.extensions], ["PerMessageDeflate"])


@case("the client closes first")
async def client_first(dial):
    name = secrets.token_hex(8)
    async with dial() as socket:
        await socket.send(f"id {name}")
        same("answer", await socket.recv(), "known")
        await socket.close(4000, "enough")
        same("code", (socket.close_code, socket.close_reason), (4000, "enough"))
    await ended(dial, name, "gone 4000 enough")


async def ended(dial, name, wanted):
    async with dial() as socket:
        await socket.send(f"gone {name}")
        same("the server's side", await socket.recv(), wanted)


@case("the server closes first")
async def server_first(dial):
    async with dial() as socket:
        await socket.send("close 4001 so long")
        same("end", await closed(socket), (4001, "so long"))


@case("a client that vanishes is missed at the server")
async def client_vanishes(dial):
    name = secrets.token_hex(8)
    socket = await dial()
    await socket.send(f"id {name}")
    same("answer", await socket.recv(), "known")
    socket.transport.abort()
    await ended(dial, name, "gone 1006")


@case("a server that vanishes is missed at the client")
async def server_vanishes(dial):
    async with dial() as socket:
        await socket.send("drop")
        same("end", (await closed(socket))[0], 1006)


@case("both sides may talk at once")
async def flood(dial):
    async with dial(compression=None) as socket:

        async def talk():
            for number in range(300):
                await socket.send(f"{number} ".encode() + pattern(10_000))

        talking = asyncio.create_task(talk())
        for number in range(300):
            same("answer", await socket.recv() == f"{number} ".encode() + pattern(10_000), True)
        await talking


@case("fifty connections are open side by side")
async def fifty(dial):
    sockets = [await dial() for _ in range(50)]
    for number, socket in enumerate(sockets):
        await socket.send(str(number))
    for number, socket in enumerate(sockets):
        same("answer", await socket.recv(), str(number))
    await asyncio.gather(*(socket.close() for socket in sockets))


@case("a refusal arrives as it is")
async def refused(dial):
    try:
        async with dial(path="/refused"):
            raise Wrong("it was let in")
    except InvalidStatus as error:
        same("status", error.response.status_code, 403)
        same("body", error.response.body, b"not here\n")


def dialler(options):
    host, port = options.address.rsplit(":", 1)
    secure = ssl.create_default_context(cafile=options.ca) if options.ca else None
    scheme = "wss" if options.ca else "ws"

    def dial(path="/", **how):
        return connect(
            f"{scheme}://{options.authority}{path}",
            host=host,
            port=int(port),
            ssl=secure,
            proxy=None,
            max_size=32 << 20,
            **how,
        )

    return dial


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--authority", required=True)
    parser.add_argument("--ca")
    dial = dialler(parser.parse_args())
    failed = 0
    for name, check in CASES:
        try:
            await asyncio.wait_for(check(dial), PATIENCE)
            print(f"ok {name}", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAIL {name}: {error or type(error).__name__}".replace("\n", " "), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
