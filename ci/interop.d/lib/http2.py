"""HTTP/2 by nghttp and h2load: the corners of the protocol, and many streams."""

import json
import re

from .checks import Checks, holds, same
from .web import digest, pattern
from .world import BODY_LIMIT, World


def nghttp(world: World, target: str, *options: object, service: str = "web", listener: str = "plain") -> bytes:
    """What nghttp printed, with -n and -v its frames, else the body; it ends with 0 whatever the server says."""
    scheme = "http" if listener == "plain" else "https"
    command = ["nghttp", "--no-dep", "-t", "20", "-H", f":authority: {service}.one.test", *options]
    ran = world.run([*command, f"{scheme}://{world.listeners[listener]}{target}"])
    same(f"nghttp's end ({ran.all[-300:]})", ran.code, 0)
    return ran.body


def h2load(world: World, checks: Checks, sentence: str, count: int, *options: object, listener: str = "plain") -> None:
    """A number of requests, all of which have to be answered with 200."""
    with checks(sentence):
        scheme = "http" if listener == "plain" else "https"
        ran = world.run(
            ["h2load", "-n", count, "--connect-to", world.listeners[listener], *options]
            + [f"{scheme}://web.one.test/bytes?n=1000"]
        )
        done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", ran.out)
        codes = re.search(r"status codes: (\d+) 2xx", ran.out)
        holds("it printed no figures", bool(done and codes), ran.all)
        same("succeeded, failed, errored, late", tuple(map(int, done.groups())), (count, 0, 0, 0))
        same("answered with 2xx", int(codes[1]), count)


def check(world: World, checks: Checks) -> None:
    """All of it."""
    upload = world.processes.folder / "ng-upload"
    upload.write_bytes(pattern(300_000))

    with checks("the settings bound what a client may open and send"):
        out = nghttp(world, "/mirror", "-nv").decode()
        holds("a SETTINGS frame", "recv SETTINGS frame" in out, out)
        for setting in ("MAX_CONCURRENT_STREAMS", "MAX_HEADER_LIST_SIZE"):
            holds(setting, f"SETTINGS_{setting}" in out, out)
        holds("an orderly answer", ":status: 200" in out, out)
    with checks("CONTINUATION frames and padding are read"):
        seen = json.loads(nghttp(world, "/mirror", "--continuation", "-b", "255", "-d", upload))
        same("body", (seen["bytes"], seen["sha256"]), (300_000, digest(pattern(300_000))))
    with checks("cookies in several fields become one"):
        for service in ("web", "web2"):
            seen = json.loads(nghttp(world, "/mirror", "-H", "cookie: a=1", "-H", "cookie: b=2", service=service))
            same(f"at {service}", seen["headers"].get("cookie"), ["a=1; b=2"])
    with checks("trailers of a request without a length arrive"):
        # Before an endpoint that speaks HTTP/1.1 a length leaves no room for trailers.
        trailer = ["--trailer", "peer-note: late"]
        for service in ("web", "web2"):
            seen = json.loads(nghttp(world, "/mirror", "-d", upload, "--no-content-length", *trailer, service=service))
            same(f"at {service}", seen["trailers"].get("peer-note"), ["late"])
    with checks("a body that is too large is refused, and the connection goes on"):
        large = world.processes.folder / "ng-large"
        large.write_bytes(bytes(BODY_LIMIT + 1))
        for more in ([], ["--no-content-length"]):
            out = nghttp(world, "/mirror", "-v", "-d", large, *more).decode()
            holds("an answer", ":status: 413" in out and "x-graylane-fault: body-too-large" in out, out[-300:])
            holds("no failure of the connection", "recv GOAWAY" not in out, out[-300:])
    with checks("a window of one kilobyte is kept to"):
        for service in ("web", "web2"):
            out = nghttp(world, "/bytes?n=60000", "-w", "10", "-W", "10", service=service)
            same(f"from {service}", digest(out), digest(pattern(60_000)))
    with checks("a hundred requests on one connection are all answered"):
        out = nghttp(world, "/bytes?n=20000", "-nv", "-m", "100", listener="tls")
        same("answers", out.count(b":status: 200"), 100)
    with checks("a request with an Expect is continued"):
        seen = json.loads(nghttp(world, "/mirror", "-d", upload, "--expect-continue"))
        same("body", seen["bytes"], 300_000)

    h2load(world, checks, "h2load: ten connections with thirty streams each", 3000, "-c", 10, "-m", 30)
    h2load(world, checks, "h2load: the same over TLS", 3000, "-c", 10, "-m", 30, listener="tls")
    h2load(world, checks, "h2load: uploads", 300, "-c", 5, "-m", 10, "-d", upload)
    h2load(world, checks, "h2load: a hundred streams in small windows", 500, "-c", 1, "-m", 100, "-w", 14, "-W", 16)
    h2load(world, checks, "h2load: HTTP/1.1", 1000, "-c", 10, "--h1")
    h2load(world, checks, "h2load: HTTP/1.1 over TLS", 1000, "-c", 10, "--h1", listener="tls")
