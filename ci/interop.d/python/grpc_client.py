"""Conversations over gRPC by grpcio: one line for each, `ok NAME` or `FAIL NAME: why`."""

import asyncio
import json
import secrets
import sys
import time

import grpc
import grpc.aio
from grpc_dial import PATIENCE, dial, target

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


def opened(channel, method, **how):
    return channel.stream_stream(f"/peer.Talk/{method}")(timeout=PATIENCE, **how)


async def opened_with(channel, method, text, **how):
    stream = opened(channel, method, **how)
    await stream.write(text)
    await stream.done_writing()
    return stream


async def ask(channel, method, text, timeout=PATIENCE, **how):
    return await channel.unary_unary(f"/peer.Talk/{method}")(text, timeout=timeout, **how)


async def expect(stream, wanted):
    got = await stream.read()
    same("message", "the end" if got is grpc.aio.EOF else got, wanted)


async def ended(call):
    """The error that a call or a read ends with."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error
    raise Wrong("it ended well")


@case("a unary call comes back")
async def unary(channel):
    same("answer", await ask(channel, "Echo", b"said"), b"said")


@case("an empty message is a message")
async def empty(channel):
    same("answer", await ask(channel, "Echo", b""), b"")


@case("metadata and trailers travel both ways")
async def metadata(channel):
    call = channel.unary_unary("/peer.Talk/Mirror")(
        b"some",
        timeout=PATIENCE,
        metadata=(("x-ask", "this"), ("x-ask", "and that"), ("x-ask-bin", b"\x00\x01\xfe\xff")),
    )

    seen = json.loads(await call)["metadata"]
    head, tail = await call.initial_metadata(), await call.trailing_metadata()

    same("at the server", ",".join(seen.get("x-ask", [])), "this,and that")
    same("bytes at the server", seen.get("x-ask-bin"), ["0001feff"])
    same("user agent", "grpc-python" in str(seen.get("user-agent")), True)
    same("head", head.get("peer-head"), "this,and that")
    same("tail", tail.get("peer-tail"), "this,and that")
    same("bytes in the tail", tail.get("peer-tail-bin"), b"\x00\x01\xfe\xff")


@case("a client streams")
async def client_stream(channel):
    stream = opened(channel, "Sum")

    for _ in range(1000):
        await stream.write(b"x" * 1000)
    await stream.done_writing()

    await expect(stream, b"1000 1000000")


async def read_count(stream, messages, size):
    for number in range(messages):
        await expect(stream, str(number).encode().ljust(size, b"."))
    same("the end", await stream.read(), grpc.aio.EOF)


@case("a server streams")
async def server_stream(channel):
    stream = await opened_with(channel, "Count", b"300 50000")

    await read_count(stream, 300, 50000)


@case("both directions flow at once, and the server may speak first")
async def both_ways(channel):
    stream = opened(channel, "Talk")

    await expect(stream, b"hello")
    for number in range(200):
        await stream.write(str(number).encode())
        await expect(stream, str(number + 1).encode())
    await stream.done_writing()

    await expect(stream, b"bye")


@case("a hundred streams go on side by side")
async def hundred(channel):
    streams = [opened(channel, "Talk") for _ in range(100)]

    for stream in streams:
        await expect(stream, b"hello")
    for turn in range(5):
        for stream in streams:
            await stream.write(str(turn).encode())
        for stream in reversed(streams):
            await expect(stream, str(turn + 1).encode())

    for stream in streams:
        await stream.done_writing()
        await expect(stream, b"bye")


@case("every status arrives with its text and trailers")
async def statuses(channel):
    for code in grpc.StatusCode:
        if code is grpc.StatusCode.OK:
            continue
        text = f'Größe 100% "{code.value[0]}"\tüberall'
        error = await ended(ask(channel, "Fail", f"{code.value[0]} {text}".encode()))
        same("status", error.code(), code)
        same("text", error.details(), text)
        same("tail", error.trailing_metadata().get("peer-tail"), "failed")


@case("a status after messages arrives")
async def late_status(channel):
    stream = await opened_with(channel, "FailLate", b"9 not now")

    await expect(stream, b"one")
    await expect(stream, b"two")
    error = await ended(stream.read())

    same("status", error.code(), grpc.StatusCode.FAILED_PRECONDITION)
    same("text", error.details(), "not now")


@case("an unknown method is told by the server")
async def unknown_method(channel):
    error = await ended(ask(channel, "Sing", b""))

    same("status", error.code(), grpc.StatusCode.UNIMPLEMENTED)


@case("large messages")
async def large(channel):
    text = b"0123456789abcdef" * (3 << 16)

    for _ in range(3):
        same("answer", await ask(channel, "Echo", text) == text, True)


@case("compressed messages")
async def compressed(channel):
    text = b"the same again " * 20000

    same("answer", await ask(channel, "Echo", text, compression=grpc.Compression.Gzip) == text, True)


@case("a reader that waits does not hold up the others")
async def slow_reader(channel):
    waiting = await opened_with(channel, "Count", b"200 60000")

    for _ in range(50):
        await unary(channel)

    await read_count(waiting, 200, 60000)


@case("a cancelled stream ends at the server")
async def cancelled(channel):
    name = secrets.token_hex(8).encode()
    stream = await opened_with(channel, "Hold", name)
    await expect(stream, b"held")

    stream.cancel()

    same("the server's stream", await ask(channel, "Gone", name), b"gone")


@case("a deadline travels and ends the call on both sides")
async def deadline(channel):
    name = secrets.token_hex(8).encode()
    began = time.monotonic()

    error = await ended(ask(channel, "Silent", name, timeout=0.3))

    same("status", error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
    same("in time", time.monotonic() - began < 2, True)
    same("the server's call", await ask(channel, "Gone", name), b"gone")
    left = json.loads(await ask(channel, "Mirror", b""))["left_ms"]
    same("the server knows the deadline", left is not None and 0 < left <= PATIENCE * 1000 + 1000, True)


@case("a quiet connection that pings stays open")
async def keepalive(channel):
    """The client pings ten times a second, the server once; who counts pings as an attack ends the connection."""
    stream = opened(channel, "Talk")
    await expect(stream, b"hello")

    await asyncio.sleep(2.5)

    await stream.write(b"1")
    await expect(stream, b"2")
    await stream.done_writing()
    await expect(stream, b"bye")


async def main():
    failed = 0
    async with dial(target()) as channel:
        for name, check in CASES:
            try:
                await asyncio.wait_for(check(channel), PATIENCE)
                print(f"ok {name}", flush=True)
            except Exception as error:
                failed += 1
                why = str(error) or type(error).__name__
                if isinstance(error, grpc.aio.AioRpcError):
                    why = f"{error.code().name}: {error.details()}"
                print(f"FAIL {name}: {why}".replace("\n", " "), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
