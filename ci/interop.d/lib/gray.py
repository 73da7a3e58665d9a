"""Gray release is the same in every protocol."""

import json
import re

from .checks import Checks, holds, same
from .curl import ask
from .web import ENDPOINTS, WAYS
from .world import TRUSTED, USERS, WEIGHT, World

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def check(world: World, checks: Checks) -> None:
    """All of it."""
    lanes = {user: ask(world, "web", "/mirror", "-H", f"X-User-Id: {user}").fields["x-gray-version"][0] for user in USERS}
    with checks(f"of {len(USERS)} users some have each lane, at {WEIGHT} %"):
        same("lanes", set(lanes.values()), {"stable", "canary"})
    by_curl(world, checks, lanes)
    by_grpc(world, checks, lanes)
    traces(world, checks)


def other(lane: str) -> str:
    """The lane that somebody does not have."""
    return "stable" if lane == "canary" else "canary"


def by_curl(world: World, checks: Checks, lanes: dict[str, str]) -> None:
    """Over HTTP, each way and to each kind of endpoint."""
    for way, (options, listener, _) in WAYS.items():
        for service, protocol in ENDPOINTS.items():
            label = f"{way} to {protocol}"

            def seen(user: str, *more: object) -> tuple[str, str, str]:
                got = ask(world, service, "/mirror", *options, "-H", f"X-User-Id: {user}", *more, listener=listener)  # noqa: B023
                there = json.loads(got.body)
                return got.fields["x-gray-version"][0], there["server"], ",".join(there["headers"]["x-gray-version"])

            with checks(f"{label}: a user has the lane that he has over HTTP/1.1"):
                for user in USERS[:8]:
                    same(user, seen(user), (lanes[user],) * 3)
            with checks(f"{label}: a stranger cannot force a lane, a trusted peer can"):
                user, wanted = USERS[0], other(lanes[USERS[0]])
                force = ["-H", f"X-Gray-Version: {wanted}"]
                same("a stranger", seen(user, *force), (lanes[user],) * 3)
                same("a trusted peer", seen(user, *force, "--interface", TRUSTED), (wanted,) * 3)


def by_grpc(world: World, checks: Checks, lanes: dict[str, str]) -> None:
    """Over gRPC, by both clients."""
    user, wanted = USERS[0], other(lanes[USERS[0]])
    for language in ("go", "python"):
        for listener in ("plain", "tls"):
            where = world.at("go", listener)
            label = f"gRPC by {language}, {'over TLS' if listener == 'tls' else 'cleartext'}"
            with checks(f"{label}: a user has the lane that he has over HTTP/1.1"):
                orders = [{"method": "Mirror", "metadata": {"x-user-id": user}} for user in USERS]
                for user_there, got in zip(USERS, world.calls(language, where, orders), strict=True):
                    same(user_there, lane(got), (lanes[user_there],) * 3)
            forced = [{"method": "Mirror", "metadata": {"x-user-id": user, "x-gray-version": wanted}}]
            with checks(f"{label}: a stranger cannot force a lane"):
                same("a stranger", lane(world.calls(language, where, forced)[0]), (lanes[user],) * 3)
    with checks("gRPC by go: a trusted peer can force a lane"):
        got = world.calls("go", [*world.at("go"), "--from", TRUSTED], forced)[0]
        same("a trusted peer", lane(got), (wanted,) * 3)


def lane(outcome: dict) -> tuple[str, str, str]:
    """What the client was told, who answered, and what that one was told."""
    there = json.loads(outcome["answer"])
    return ",".join(outcome["head"]["x-gray-version"]), there["server"], ",".join(there["metadata"]["x-gray-version"])


def traces(world: World, checks: Checks) -> None:
    """The trace and the way that a request came."""
    for way, (options, listener, _) in WAYS.items():
        for service, protocol in ENDPOINTS.items():
            with checks(f"{way} to {protocol}: the trace goes on, or begins, and the endpoint knows the way"):
                got = ask(world, service, "/mirror", *options, "-H", f"traceparent: {TRACE}", listener=listener)
                headers = json.loads(got.body)["headers"]
                same("the trace", [line.split("-")[1] for line in headers["traceparent"]], [TRACE.split("-")[1]])
                same("peer", headers["x-forwarded-for"], ["127.0.0.1"])
                same("scheme", headers["x-forwarded-proto"], ["http" if listener == "plain" else "https"])
                got = ask(world, service, "/mirror", *options, listener=listener)
                made = json.loads(got.body)["headers"]["traceparent"]
                holds("a trace of its own", bool(re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", made[0])), made)
    with checks("gRPC: the trace goes on"):
        for language in ("go", "python"):
            order = {"method": "Mirror", "metadata": {"traceparent": TRACE}}
            got = json.loads(world.calls(language, world.at("go"), [order])[0]["answer"])
            same(language, got["metadata"]["traceparent"][0].split("-")[1], TRACE.split("-")[1])
