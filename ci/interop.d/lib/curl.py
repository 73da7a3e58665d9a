"""curl as a client: one request, and all that came back."""

from .checks import Wrong
from .world import World


class Answer:
    """What curl got: the heads as it printed them, the body as bytes."""

    def __init__(self, heads: str, body: bytes, version: str, code: int, error: str) -> None:
        blocks = [block.splitlines() for block in heads.replace("\r\n", "\n").split("\n\n") if block.strip()]
        lines = [block for block in blocks if block[0].startswith("HTTP/")]
        self.interim = [int(block[0].split()[1]) for block in lines[:-1]]
        self.status = int(lines[-1][0].split()[1]) if lines else 0
        self.fields = _fields(lines[-1][1:] if lines else [])
        trailers = [block for block in blocks if not block[0].startswith("HTTP/")]
        self.trailers = _fields(trailers[-1] if trailers else [])
        self.body = body
        self.version = version
        self.code = code
        self.error = error

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


def _fields(lines: list[str]) -> dict[str, list[str]]:
    every: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            every.setdefault(name.lower(), []).append(value.strip())
    return every


def ask(
    world: World,
    service: str,
    target: str,
    *options: object,
    listener: str = "plain",
    domain: str = "one",
    ends: int | tuple[int, ...] = 0,
    asked: str = "",
) -> Answer:
    """Asks a service for a target; `ends` is the code (or codes) that curl has to end with, `asked` its standard input."""
    host = f"{service}.{domain}.test"
    port = world.listeners[listener].rsplit(":", 1)[1]
    scheme = "http" if listener == "plain" else "https"
    heads, body = world.processes.folder / "heads", world.processes.folder / "body"
    for file in (heads, body):
        file.write_bytes(b"")
    trust = [] if listener == "plain" else ["--cacert", world.file("ours.pem")]
    ran = world.run(
        ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20", "--connect-to", f"::127.0.0.1:{port}"]
        + [*trust, "--dump-header", heads, "--output", body, "--write-out", "%{http_version}"]
        + [*options, f"{scheme}://{host}{target}"],
        asked,
    )
    if ran.code not in (ends if isinstance(ends, tuple) else (ends,)):
        raise Wrong(f"curl ended with {ran.code} instead of {ends}: {ran.error.strip()}")
    return Answer(heads.read_text(errors="replace"), body.read_bytes(), ran.out, ran.code, ran.error)
