"""Makes the calls of a JSON list on standard input, one after the other, and prints the list of their ends."""

import json
import sys

import grpc
from grpc_dial import PATIENCE, dial, target


def table(metadata):
    every = {}
    for name, value in metadata or ():
        every.setdefault(name, []).append(value.hex() if isinstance(value, bytes) else value)
    return every


def make(channel, order):
    message = order.get("message", "").encode()
    stream = channel.stream_stream(f"/peer.Talk/{order['method']}")(
        iter([message] * (order.get("repeat") or 1)),
        timeout=order.get("timeout") or PATIENCE,
        metadata=tuple((order.get("metadata") or {}).items()),
    )
    answers = []
    try:
        answers.extend(stream)
    except grpc.RpcError:
        pass
    return {
        "code": stream.code().value[0],
        "text": stream.details(),
        "answer": answers[0].decode() if answers else "",
        "head": table(stream.initial_metadata()),
        "tail": table(stream.trailing_metadata()),
    }


def main():
    # Not by asyncio: there an answer that comes while messages are still being sent ends the call with an error of its own.
    with dial(target(), grpc) as channel:
        print(json.dumps([make(channel, order) for order in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
