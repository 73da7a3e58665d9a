"""The endpoints, the gateway before them, and where everything is."""

import json
import signal
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from .certificates import Certificates
from .checks import CannotRun, Checks, until
from .places import Peers
from .processes import Processes, Ran, Running

# The share of users in the lane `canary` of the services that have one; one salt for all, so that a user has the same
# lane in each of them, whatever protocol he comes by.
WEIGHT = 30
USERS = [f"user-{number}" for number in range(24)]
# The peer whose gray headers are believed, beside 127.0.0.1, whose are not.
TRUSTED = "127.0.0.2"
BODY_LIMIT = 8 << 20
RESPONSE_TIME = 3
HEAD_LIMIT = 32 << 10


class World:
    """Peers that run. Without the gateway (`direct`) a service's address is that of its endpoint."""

    def __init__(self, peers: Peers, processes: Processes, command: Sequence[object] | None) -> None:
        self.peers = peers
        self.processes = processes
        self.direct = command is None
        self.certificates = Certificates(processes.folder / "certificates")
        self.endpoints = self._start_endpoints()
        self.listeners: dict[str, str] = {}
        self.gateway: Running | None = None
        if command is not None:
            self._start_gateway(command)

    def file(self, name: str) -> Path:
        """A certificate or key of this run."""
        return self.certificates[name]

    def run(self, command: Sequence[object], asked: str = "") -> Ran:
        """A program that is waited for."""
        return self.processes.run(command, asked)

    def metric(self, name: str) -> float:
        """The sum over all labels of one of the gateway's metrics."""
        lines = urllib.request.urlopen(f"http://{self.admin}/metrics", timeout=5).read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))

    def together(self, checks: Checks, programs: dict[str, Sequence[object]]) -> None:
        """Programs that check by themselves, side by side: most of their time they wait. The keys say who they are."""
        running = {where: self.processes.start(Path(str(command[0])).name, command) for where, command in programs.items()}
        for where, program in running.items():
            ran = program.wait()
            checks.take(where, ran.out, ran.code)

    def calls(self, language: str, where: Sequence[object], orders: Sequence[dict]) -> list[dict]:
        """gRPC calls by the client of that language, and how each ended."""
        client = self.peers.go("grpc-calls") if language == "go" else self.peers.python("grpc_calls")
        ran = self.run([*client, *where], json.dumps(orders))
        if ran.code != 0:
            raise CannotRun(f"the {language} client of gRPC ended with {ran.code}:\n{ran.all}")
        return json.loads(ran.out)

    def at(self, service: str, listener: str = "plain") -> list[object]:
        """The options of a client that reach a service."""
        if self.direct:
            return ["--address", self.endpoints[service]["address"], "--authority", f"{service}.one.test"]
        options: list[object] = ["--address", self.listeners[listener], "--authority", f"{service}.one.test"]
        return options if listener == "plain" else [*options, "--ca", self.file("ours.pem")]

    def _start_endpoints(self) -> dict[str, dict]:
        peers, secure = self.peers, ["--cert", self.file("endpoint.pem"), "--key", self.file("endpoint.key")]
        commands = {
            "go": [*peers.go("grpc-server"), "--name", "stable"],
            "go-canary": [*peers.go("grpc-server"), "--name", "canary"],
            "go-mortal": peers.go("grpc-server"),
            "go-restless": [*peers.go("grpc-server"), "--age", "200ms"],
            "go-narrow": [*peers.go("grpc-server"), "--streams", "10"],
            "python": peers.python("grpc_server"),
            "python-secure": [*peers.python("grpc_server"), *secure],
            "web": [*peers.go("web-server"), "--name", "stable", *secure],
            "web-canary": [*peers.go("web-server"), "--name", "canary"],
            "ws-python": peers.python("ws_server"),
            "ws-node": peers.node("ws_server"),
            "ws-secure": [*peers.node("ws_server"), *secure],
        }
        self.running = {name: self.processes.start(name, command) for name, command in commands.items()}
        return {name: running.first_object() for name, running in self.running.items()}

    def _start_gateway(self, command: Sequence[object]) -> None:
        config = self.processes.folder / "graylane.toml"
        config.write_text(self._configuration())
        argv = [str(part).replace("{config}", str(config)) for part in command]
        self.gateway = self.processes.start("gateway", argv)
        ready = self.gateway.first_object()
        if ready.get("event") != "ready":
            raise CannotRun(f"the gateway did not start:\n{self.gateway.error}")
        self.listeners, self.admin = ready["listeners"], ready["admin"]

    def stop_gateway(self) -> int:
        """SIGTERM, and the code that it ends with."""
        self.gateway.process.send_signal(signal.SIGTERM)
        return self.gateway.wait().code

    def settle(self, name: str, wanted: float = 0) -> None:
        """Waits until a gauge has that value."""
        until(f"{name} = {wanted}", lambda: self.metric(name) == wanted)

    def _configuration(self) -> str:
        files = self.certificates.folder
        pair = '{{ certificate = "{0}/{1}.pem", key = "{0}/{1}.key" }}'
        both = ", ".join(pair.format(files, name) for name in ("one", "two"))
        text = f"""\
[server]
workers = 2
trusted_peers = ["{TRUSTED}"]

[admin]
address = "127.0.0.1:0"

[limits]
head = {HEAD_LIMIT}
body = {BODY_LIMIT}
response_time = "{RESPONSE_TIME}s"
"""
        for name, settings in {
            "plain": None,
            "tls": [],
            "optional": [f'client_ca = "{files}/clients.pem"', 'client_auth = "optional"'],
            "required": [f'client_ca = "{files}/clients.pem"', 'client_auth = "required"'],
        }.items():
            text += f'\n[listeners.{name}]\naddress = "127.0.0.1:0"\nhttp2 = true\n'
            if settings is not None:
                rows = [f"certificates = [{both}]", 'min_version = "1.2"', *settings]
                text += f"\n[listeners.{name}.tls]\n" + "".join(f"{row}\n" for row in rows)
        for service, lanes in self._services(files).items():
            hosts = ", ".join(f'"{service}.{domain}.test"' for domain in ("one", "two"))
            text += f'\n[services.{service}]\nhosts = [{hosts}]\nkey = ["header:X-User-Id"]\nsalt = "interop"\nshow_lane = true\n'
            for lane, rows in lanes.items():
                text += f"\n[lanes.{service}.{lane}]\n" + "".join(f"{row}\n" for row in rows)
        return text

    def _services(self, files: Path) -> dict[str, dict[str, list[str]]]:
        def lane(name: str, *rows: str, label: str = "address", scheme: str = "http") -> list[str]:
            return [f'endpoints = ["{scheme}://{self.endpoints[name][label]}"]', *rows]

        http2, canary = 'protocol = "http2"', f"weight = {WEIGHT}"
        believed = f'tls = {{ ca = "{files}/ours.pem", server_name = "endpoint.test" }}'
        foreign = f'tls = {{ ca = "{files}/strange.pem", server_name = "endpoint.test" }}'
        misnamed = f'tls = {{ ca = "{files}/ours.pem", server_name = "other.test" }}'
        return {
            "web": {"stable": lane("web", label="plain"), "canary": lane("web-canary", canary, label="plain")},
            "web2": {
                "stable": lane("web", http2, label="plain"),
                "canary": lane("web-canary", http2, canary, label="plain"),
            },
            "go": {"stable": lane("go", http2), "canary": lane("go-canary", http2, canary)},
            "go-mortal": {"stable": lane("go-mortal", http2)},
            "go-restless": {"stable": lane("go-restless", http2)},
            "go-narrow": {"stable": lane("go-narrow", http2)},
            "python": {"stable": lane("python", http2)},
            "python-secure": {"stable": lane("python-secure", http2, believed, scheme="https")},
            "ws-python": {"stable": lane("ws-python")},
            "ws-node": {"stable": lane("ws-node")},
            "ws-secure": {"stable": lane("ws-secure", believed, scheme="https")},
            "secure": {"stable": lane("web", believed, label="tls1", scheme="https")},
            "secure2": {"stable": lane("web", http2, believed, label="tls", scheme="https")},
            "strange-ca": {"stable": lane("web", foreign, label="tls1", scheme="https")},
            "strange-name": {"stable": lane("web", misnamed, label="tls1", scheme="https")},
            "unverified": {"stable": lane("web", "tls = { verify = false }", label="tls1", scheme="https")},
            # Port 1 of the loopback is nobody's.
            "closed": {"stable": [http2, 'endpoints = ["http://127.0.0.1:1"]']},
        }
