"""gRPC: conversations of two clients with two servers, what the gateway itself answers, and endpoints that fail."""

import json
import time

from .checks import Checks, holds, same, until
from .curl import ask
from .world import BODY_LIMIT, RESPONSE_TIME, World

LANGUAGES = ("go", "python")
INTERNAL, UNAVAILABLE = 13, 14
DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED = 4, 8, 12


def client(world: World, language: str, service: str, listener: str = "plain", *more: object) -> list[object]:
    """One client's list of cases, with one service."""
    program = world.peers.go("grpc-client") if language == "go" else world.peers.python("grpc_client")
    return [*program, *world.at(service, listener), *more]


def conversations(world: World, checks: Checks) -> None:
    """Each client with each server over cleartext; over TLS each once, and a server behind TLS."""
    programs = {
        f"{language} to {service}": client(world, language, service) for service in LANGUAGES for language in LANGUAGES
    }
    if not world.direct:
        programs |= {
            "go to python over TLS": client(world, "go", "python", "tls"),
            "python to go over TLS": client(world, "python", "go", "tls"),
            "go to python behind TLS": client(world, "go", "python-secure"),
            "over connections that are renewed": client(world, "go", "go-restless"),
            # A hundred streams that wait for each other: where a connection is full another one is needed.
            "ten streams a connection": client(world, "go", "go-narrow", "plain", "--only", "a hundred streams"),
        }
    world.together(checks, programs)


def word(outcome: dict) -> list[str] | None:
    """The word of a fault, which stands in the head or, where there is nothing but trailers, in those."""
    both = {**(outcome["head"] or {}), **(outcome["tail"] or {})}
    return both.get("x-graylane-fault")


def faults(world: World, checks: Checks) -> None:
    """A fault is a status of gRPC."""
    for language in LANGUAGES:
        said = f"a {language} client is told"

        def end(service: str, order: dict, by: str = language) -> dict:
            return world.calls(by, world.at(service), [order])[0]

        with checks(f"{said} UNAVAILABLE where the endpoint is down"):
            got = end("closed", {"method": "Echo", "message": "x"})
            same("status", (got["code"], word(got)), (UNAVAILABLE, ["unreachable"]))
        with checks(f"{said} UNIMPLEMENTED where no service has the host"):
            got = end("nobody", {"method": "Echo", "message": "x"})
            same("status", (got["code"], word(got)), (UNIMPLEMENTED, ["no-service"]))
        with checks(f"{said} RESOURCE_EXHAUSTED past the limit of a body"):
            piece = "x" * (1 << 20)
            got = end("go", {"method": "Sum", "message": piece, "repeat": BODY_LIMIT // (1 << 20) + 1})
            same("status", (got["code"], word(got)), (RESOURCE_EXHAUSTED, ["body-too-large"]))
        with checks(f"{said} UNAVAILABLE by an endpoint that never answers"):
            began = time.monotonic()
            got = end("go", {"method": "Silent", "message": f"late-{language}"})
            same("status", (got["code"], word(got)), (UNAVAILABLE, ["upstream-timeout"]))
            holds("in time", time.monotonic() - began < RESPONSE_TIME + 2)
        with checks(f"{said} to the endpoint of a {language} call that the gateway gave up"):
            same("the server's call", end("go", {"method": "Gone", "message": f"late-{language}"})["answer"], "gone")


def raw(world: World, checks: Checks) -> None:
    """What the answers are made of, seen by a client that knows nothing of gRPC."""
    call = ["-X", "POST", "--http2-prior-knowledge", "-H", "content-type: application/grpc", "-H", "te: trailers"]
    # Five bytes of prefix, not compressed, and a message.
    silent = world.processes.folder / "silent"
    silent.write_bytes(b"\0\0\0\0\x05timed")

    with checks("a fault is 200 with a grpc-status and no body"):
        got = ask(world, "nobody", "/peer.Talk/Echo", *call)
        same("status", (got.status, got.fields.get("grpc-status"), got.body), (200, ["12"], b""))
        same("type", got.fields.get("content-type"), ["application/grpc"])
        holds("a text", bool(got.fields.get("grpc-message")))
    with checks("the gateway itself ends a call whose grpc-timeout has run out"):
        began = time.monotonic()
        message = ["--data-binary", f"@{silent}", "-H", "grpc-timeout: 300m"]
        got = ask(world, "go", "/peer.Talk/Silent", *call, *message)
        same("status", (got.status, got.fields.get("grpc-status")), (200, ["4"]))
        holds("in time", time.monotonic() - began < RESPONSE_TIME - 1)
    with checks("a client of gRPC-Web is no client of gRPC"):
        got = ask(world, "nobody", "/peer.Talk/Echo", "--http2-prior-knowledge", "-H", "content-type: application/grpc-web")
        same("status", (got.status, got.fields.get("grpc-status")), (404, None))


def endings(world: World, checks: Checks) -> None:
    """Endpoints that end their connections, in good order or by dying."""
    with checks("no call is lost to an endpoint that renews its connections"):
        # For about two seconds; each connection is told to go away after a fifth of one.
        order = {"method": "Count", "message": "20 8"}
        for language in LANGUAGES:
            ends = world.calls(language, world.at("go-restless"), [order] * 1000)
            same(f"statuses by {language}", {(end["code"], end["text"]) for end in ends}, {(0, "")})
    with checks("an endpoint that dies ends the streams to it"):
        world.settle("graylane_exchanges_in_flight")
        order = [{"method": "Hold", "message": "to the end"}]
        client = world.processes.start("held", [*world.peers.go("grpc-calls"), *world.at("go-mortal")], json.dumps(order))
        # An answer of the endpoint to somebody else, asked afterwards: it has the call.
        until("the stream is there", lambda: world.metric("graylane_exchanges_in_flight") >= 1)
        direct = ["--address", world.endpoints["go-mortal"]["address"], "--authority", "any.test"]
        same("it lives", world.calls("go", direct, [{"method": "Echo", "message": "x"}])[0]["answer"], "x")
        world.running["go-mortal"].process.kill()
        began = time.monotonic()
        got = json.loads(client.wait(10).out)[0]
        holds("at once", time.monotonic() - began < 2)
        holds("as a failure", got["code"] in (INTERNAL, UNAVAILABLE), got)
    with checks("and calls after its death are told UNAVAILABLE"):
        got = world.calls("python", world.at("go-mortal"), [{"method": "Echo", "message": "x"}])[0]
        same("status", got["code"], UNAVAILABLE)


def check(world: World, checks: Checks) -> None:
    """All of it."""
    conversations(world, checks)
    if not world.direct:
        faults(world, checks)
        raw(world, checks)
        endings(world, checks)
