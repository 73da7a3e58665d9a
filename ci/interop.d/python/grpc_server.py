"""The gRPC server on grpcio; ../README.md describes its methods."""

import argparse
import asyncio
import json
from pathlib import Path

import grpc
import grpc.aio

SERVICE = "/peer.Talk/"


class Talker(grpc.GenericRpcHandler):
    """Every method as a stream in both directions: messages stay bytes, and nothing has to be generated."""

    def __init__(self, name):
        self.name = name
        self.gone = set()

    def service(self, details):
        method = details.method.removeprefix(SERVICE)
        act = {
            "Echo": self.echo,
            "Mirror": self.mirror,
            "Sum": self.sum,
            "Count": self.count,
            "Talk": self.talk,
            "Fail": self.fail,
            "FailLate": self.fail_late,
            "Hold": self.hold,
            "Silent": self.silent,
            "Gone": self.was_gone,
        }.get(method)
        if act is None or method == details.method:
            return None
        return grpc.stream_stream_rpc_method_handler(act)

    async def echo(self, asked, context):
        async for message in asked:
            yield message

    async def mirror(self, asked, context):
        message = await anext(asked)
        seen = {}
        for name, value in context.invocation_metadata():
            seen.setdefault(name, []).append(value.hex() if isinstance(value, bytes) else value)
        said = ",".join(seen.get("x-ask", []))
        await context.send_initial_metadata((("peer-name", self.name), ("peer-head", said)))
        context.set_trailing_metadata((("peer-tail", said), ("peer-tail-bin", b"\x00\x01\xfe\xff")))
        left = context.time_remaining()
        yield json.dumps(
            {
                "server": self.name,
                "metadata": seen,
                "bytes": len(message),
                "left_ms": None if left is None else int(left * 1000),
            }
        ).encode()

    async def sum(self, asked, context):
        messages = size = 0
        async for message in asked:
            messages, size = messages + 1, size + len(message)
        yield f"{messages} {size}".encode()

    async def count(self, asked, context):
        messages, size = map(int, (await anext(asked)).split())
        for number in range(messages):
            yield str(number).encode().ljust(size, b".")

    async def talk(self, asked, context):
        """It speaks first, then answers each number with the next one."""
        yield b"hello"
        async for message in asked:
            yield str(int(message) + 1).encode()
        yield b"bye"

    async def fail(self, asked, context):
        code, _, text = (await anext(asked)).decode().partition(" ")
        context.set_trailing_metadata((("peer-tail", "failed"),))
        await context.abort(status(int(code)), text, context.trailing_metadata())
        yield b""

    async def fail_late(self, asked, context):
        code, _, text = (await anext(asked)).decode().partition(" ")
        yield b"one"
        yield b"two"
        await context.abort(status(int(code)), text)

    async def hold(self, asked, context):
        await self.watch(asked, context)
        yield b"held"
        await asyncio.Event().wait()

    async def silent(self, asked, context):
        await self.watch(asked, context)
        await asyncio.Event().wait()
        yield b""

    async def watch(self, asked, context):
        """By callback: an end that comes while a message is being sent never reaches the lines after it."""
        name = await anext(asked)
        context.add_done_callback(lambda _: self.gone.add(name))

    async def was_gone(self, asked, context):
        """It waits a while for what may still be on its way."""
        name = await anext(asked)
        for _ in range(500):
            if name in self.gone:
                break
            await asyncio.sleep(0.01)
        yield b"gone" if name in self.gone else b"not gone"


def status(number):
    return next(code for code in grpc.StatusCode if code.value[0] == number)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="python")
    parser.add_argument("--cert", type=Path)
    parser.add_argument("--key", type=Path)
    options = parser.parse_args()

    server = grpc.aio.server(
        handlers=[Talker(options.name)],
        options=[
            ("grpc.so_reuseport", 0),
            ("grpc.keepalive_time_ms", 1000),
            ("grpc.keepalive_timeout_ms", 2000),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.http2.min_ping_interval_without_data_ms", 100),
            ("grpc.keepalive_permit_without_calls", 1),
        ],
    )
    address = "127.0.0.1:0"
    if options.cert:
        pair = (options.key.read_bytes(), options.cert.read_bytes())
        port = server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port(address)
    await server.start()
    print(json.dumps({"address": f"127.0.0.1:{port}"}), flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
