"""HTTP/1.1 and HTTP/2 by curl, each to endpoints that speak the one and the other."""

import hashlib
import json

from .checks import Checks, holds, same
from .curl import ask
from .world import BODY_LIMIT, HEAD_LIMIT, World

# What curl is told, by which listener it comes, and the version that it has to end up with.
WAYS = {
    "HTTP/1.1": (["--http1.1"], "plain", "1.1"),
    "HTTP/2": (["--http2-prior-knowledge"], "plain", "2"),
    "HTTP/1.1 over TLS": (["--http1.1"], "tls", "1.1"),
    "HTTP/2 over TLS": (["--http2"], "tls", "2"),
}
# Services by what their endpoints speak.
ENDPOINTS = {"web": "HTTP/1.1", "web2": "HTTP/2.0"}
# What a proxy takes off a message, and what it must not make up.
OF_THE_CONNECTION = {"connection", "keep-alive", "upgrade", "http2-settings", "proxy-connection", "transfer-encoding"}


def pattern(size: int) -> bytes:
    """The body that the web server sends."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def digest(body: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def check(world: World, checks: Checks) -> None:
    """All of it."""
    upload = world.processes.folder / "upload"
    upload.write_bytes(pattern(5_000_000))
    large = world.processes.folder / "large"
    large.write_bytes(bytes(BODY_LIMIT + 1))
    for way, (options, listener, version) in WAYS.items():
        for service, protocol in ENDPOINTS.items():

            def curl(target: str, *more: object, **how: object):
                return ask(world, service, target, *options, *more, listener=listener, **how)  # noqa: B023

            label = f"{way} to {protocol}"
            with checks(f"{label}: a request and its answer"):
                got = curl("/mirror?a=1&b=%20", "-H", "Keep-Alive: 5", "-H", "Cookie: a=1; b=2")
                seen = json.loads(got.body)
                same("status, version", (got.status, got.version), (200, version))
                same("at the endpoint", (seen["protocol"], seen["method"]), (protocol, "GET"))
                same("target", seen["target"], "/mirror?a=1&b=%20")
                same("host", seen["host"].split(":")[0], f"{service}.one.test")
                same("cookie", seen["headers"].get("cookie"), ["a=1; b=2"])
                same("cookies back", got.fields.get("set-cookie"), ["a=1; Path=/", "b=2; Path=/"])
                same("of the connection", OF_THE_CONNECTION & set(seen["headers"]), set())
            with checks(f"{label}: an upload with a length"):
                seen = json.loads(curl("/mirror", "--data-binary", f"@{upload}", "-H", "Expect:").body)
                same("body", (seen["bytes"], seen["sha256"]), (5_000_000, digest(pattern(5_000_000))))
                same("length", seen["length"], 5_000_000)
            with checks(f"{label}: an upload without a length, after 100 Continue where that is known"):
                # A length of -1 is what net/http says where none was told.
                more = ["-T", "-", "-X", "POST", "-H", "Expect: 100-continue"]
                seen = json.loads(curl("/mirror", *more, asked="from standard input\n" * 100_000).body)
                same("body", (seen["bytes"], seen["length"]), (2_000_000, -1))
            with checks(f"{label}: a large answer"):
                got = curl("/bytes?n=20000000")
                same("body", digest(got.body), digest(pattern(20_000_000)))
            with checks(f"{label}: HEAD and answers without a body"):
                got = curl("/bytes?n=1000", "--head")
                same("head", (got.status, got.fields.get("content-type")), (200, ["application/octet-stream"]))
                for status in (204, 304, 404, 500):
                    got = curl(f"/status?code={status}")
                    same("status", (got.status, got.body), (status, b""))
            with checks(f"{label}: trailers and early hints"):
                got = curl("/trailers", "-H", "TE: trailers")
                same("trailers", got.trailers.get("peer-digest"), [digest(pattern(50_000))])
                got = curl("/hints")
                same("interim", got.interim, [103])
                same("final", (got.status, got.text), (200, "hinted\n"))
            with checks(f"{label}: an answer that breaks off is seen to break off"):
                # Which of curl's codes it is depends on the protocol: a transfer cut short, or a stream reset.
                got = curl("/breaks", ends=18 if version == "1.1" else 92)
                holds("not all of it came", len(got.body) <= 100_000)
            with checks(f"{label}: a client that leaves is missed at the endpoint"):
                curl(f"/waits?id={label.replace(' ', '')}", "--max-time", "0.3", ends=28)
                same("there", curl(f"/gone?id={label.replace(' ', '')}").text, "gone\n")
            with checks(f"{label}: a head that is too large is refused"):
                same("status", curl("/mirror", "-H", f"X-Long: {'x' * HEAD_LIMIT}").status, 431)
            # Over HTTP/2 by nghttp: this curl takes a reset after a whole answer, which is no error, for a failure.
            if version == "1.1":
                with checks(f"{label}: a body that is too large is refused"):
                    got = curl("/mirror", "--data-binary", f"@{large}")
                    same("status", (got.status, got.fields.get("x-graylane-fault")), (413, ["body-too-large"]))
    upgrades(world, checks)


def upgrades(world: World, checks: Checks) -> None:
    """What curl asks for that is not given."""
    with checks("an upgrade to HTTP/2 is not taken up, and the request is answered"):
        got = ask(world, "web", "/mirror", "--http2")
        seen = json.loads(got.body)
        same("status, version", (got.status, got.version), (200, "1.1"))
        same("of the connection", OF_THE_CONNECTION & set(seen["headers"]), set())
    with checks("a client of HTTP/1.0 is answered"):
        got = ask(world, "web", "/trailers", "--http1.0")
        same("status", (got.status, digest(got.body)), (200, digest(pattern(50_000))))
    with checks("fifty requests go over one connection side by side"):
        # Over TLS: with prior knowledge this curl opens connections one upon the other, and loses all but the first.
        ran = world.run(
            ["curl", "--silent", "--show-error", "--noproxy", "*", "--http2", "--parallel", "--parallel-max", "50"]
            + ["--cacert", world.file("ours.pem"), "--connect-to", f"::{world.listeners['tls']}"]
            + ["--write-out", "%{http_code} %{num_connects}\n", "--output", "/dev/null"]
            + ["https://web.one.test/bytes?n=100000&of=[1-50]"]
        )
        ends = [line.split() for line in ran.out.splitlines()]
        same("statuses", [status for status, _ in ends], ["200"] * 50)
        same("connections", sum(int(connects) for _, connects in ends), 1)
