"""The OFREP servers: how each is started with a file of flags."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..failure import BenchError
from ..ports import free_ports
from ..proxies.version import ask_version

PORTS = 4

# The gateway cannot do without a listener and a lane; nobody asks for these.
_CONFIG = """\
[listeners.web]
address = "127.0.0.1:{port1}"

[admin]
address = "127.0.0.1:{port2}"

[server]
workers = 1

[flags]
files = ["{file}"]

[ofrep]
address = "127.0.0.1:{port0}"

[services.none]

[lanes.none.stable]
respond = { body = "" }
"""


@dataclass(frozen=True)
class Server:
    """What is started. In arguments and files are filled in: {folder}, {file}, {port0} for OFREP, and {port1} and on
    for what else listens."""

    name: str
    argv: list[str]
    version: str
    files: Mapping[str, str] = field(default_factory=dict)

    def ready(self, folder: Path, file: Path) -> tuple[int, list[str]]:
        """Writes the files; the port of OFREP, and the command line."""
        ports = free_ports(PORTS)
        places = {"{folder}": str(folder), "{file}": str(file)}
        places |= {f"{{port{number}}}": str(port) for number, port in enumerate(ports)}
        for name, text in self.files.items():
            (folder / name).write_text(_filled(text, places))
        return ports[0], [_filled(word, places) for word in self.argv]


def gateway(binary: Path) -> Server:
    """Ours: the gateway as it ships, with everything on that is on by default."""
    argv = [str(binary), "serve", "--env", "dev", "-c", "{folder}/graylane.toml"]
    return Server("graylane", argv, ask_version([str(binary), "--version"]), {"graylane.toml": _CONFIG})


def flagd(binary: Path) -> Server:
    """flagd with all its ports, none of which it can do without."""
    program = binary.resolve()
    if not program.is_file():
        raise BenchError(f"{binary} is not there", "check the path after --flagd")
    ports = {"ofrep-port": 0, "port": 1, "management-port": 2, "sync-port": 3}
    numbers = [word for name, number in ports.items() for word in (f"--{name}", f"{{port{number}}}")]
    argv = [str(program), "start", "--uri", "file:{file}", *numbers]
    return Server("flagd", argv, f"flagd {ask_version([str(program), 'version'])}")


def _filled(text: str, places: Mapping[str, str]) -> str:
    for place, value in places.items():
        text = text.replace(place, value)
    return text
