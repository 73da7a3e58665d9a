"""HTTP/2 with prior knowledge, by nghttp2's own clients: h2load for load, nghttp for what came back."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import traffic
from .cores import pinned
from .failure import BenchError

# As many requests at a time as wrk has connections, in the shape that HTTP/2 is for: few connections, many streams.
CONNECTIONS = 8
STREAMS = 8


def write_uris(folder: Path, path: str) -> Path:
    """The file that h2load walks through: one line per user."""
    file = folder / "uris"
    lines = (f"http://{traffic.HOST}{path}?{traffic.query(number)}\n" for number in range(traffic.USERS))
    file.write_text("".join(lines))
    return file


def load(port: int, seconds: int, core: int, uris: Path, fields: Sequence[str], body: Path | None = None) -> int:
    """Run h2load on `core` for whole seconds; how many requests were answered, each of them well."""
    argv = ["h2load", "-t1", f"-c{CONNECTIONS}", f"-m{STREAMS}", f"-D{seconds}", f"--connect-to=127.0.0.1:{port}"]
    argv += [f"-i{uris}", *_fields(fields), *(["-d", str(body)] if body else [])]
    with pinned(core):
        return parse(_output(argv, seconds + 20))


def parse(output: str) -> int:
    """The requests of h2load's summary. It ends with code 0 whatever happened, so the words decide."""
    found = re.search(
        r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout",
        output,
    )
    if not found:
        raise BenchError(f"h2load printed no summary: {output.strip()[-300:]}")
    done, succeeded, *bad = (int(number) for number in found.groups())
    if any(bad) or succeeded != done:
        raise BenchError(f"h2load: {found[0]}: no basis for a figure")
    if not done:
        raise BenchError("h2load got no answer at all")
    return done


def get(port: int, paths: Sequence[str]) -> str:
    """The bodies of many requests, in the order in which they came.

    As many at a time as under load: nghttp sends all it has at once, and upstreams refuse what is beyond their limit.
    """
    urls = [f"http://127.0.0.1:{port}{path}" for path in paths]
    batch = CONNECTIONS * STREAMS
    batches = [urls[start : start + batch] for start in range(0, len(urls), batch)]
    return "".join(_output(["nghttp", *_fields([f":authority: {traffic.HOST}"]), *each], 60) for each in batches)


def call(port: int, path: str, body: Path, fields: Sequence[str]) -> str:
    """One POST, and all that nghttp says of its frames: also the trailers."""
    fields = [":method: POST", f":authority: {traffic.HOST}", *fields]
    return _output(["nghttp", "-v", *_fields(fields), "-d", str(body), f"http://127.0.0.1:{port}{path}"], 60)


def _fields(fields: Sequence[str]) -> list[str]:
    return [f"-H{field}" for field in fields]


def _output(argv: Sequence[str], limit: int) -> str:
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=limit)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(str(error)) from error
    if done.returncode:
        raise BenchError(f"{argv[0]} ended with code {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout
