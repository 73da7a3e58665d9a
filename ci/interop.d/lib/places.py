"""The tools and the programs of the peers: installed from their lock files, once."""

import hashlib
import os
import shutil
import subprocess
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from .checks import CannotRun

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = Path(__file__).resolve().parents[1]
# The command that must be there, and where it comes from.
TOOLS = {
    "curl": "Debian's curl",
    "nghttp": "Debian's nghttp2-client",
    "h2load": "Debian's nghttp2-client",
    "openssl": "Debian's openssl",
    "setpriv": "Debian's util-linux",
    "node": "Debian's nodejs",
    "npm": "Debian's npm",
    "go": "Go, 1.25 or later; 1.21 fetches that by itself",
}
INSTALL_LIMIT = 600


class Peers:
    """The commands of the programs, each as the start of an argument list."""

    def __init__(self, cache: Path) -> None:
        missing = [f"{tool} ({origin})" for tool, origin in TOOLS.items() if shutil.which(tool) is None]
        if missing:
            raise CannotRun(f"missing: {', '.join(missing)}; ci/setup --peers installs what Debian has")
        self.cache = cache
        cache.mkdir(parents=True, exist_ok=True)
        self._go = self._installed("go", "the Go module proxy", _install_go) / "interop"
        self._venv = self._installed("python", "PyPI", _install_python) / "venv/bin/python"
        self._node = self._installed("node", "the npm registry", _install_node)

    def go(self, command: str) -> list[object]:
        """A command of the Go program."""
        return [self._go, command]

    def python(self, name: str) -> list[object]:
        """A Python program."""
        return [self._venv, PROGRAMS / "python" / f"{name}.py"]

    def node(self, name: str) -> list[object]:
        """A JavaScript program."""
        return ["node", self._node / f"{name}.mjs"]

    def _installed(self, name: str, registry: str, install: Callable[[Path], None]) -> Path:
        """The program's folder in the cache, where nothing is done while its files are as they were.

        It is a copy: an installation writes beside the lock file, and the tree stays clean.
        """
        source, folder = PROGRAMS / name, self.cache / name
        digest = hashlib.sha256()
        for file in sorted(source.iterdir()):
            if file.is_file():
                digest.update(file.name.encode() + b"\0" + file.read_bytes())
        stamp = folder / "installed"
        if stamp.exists() and stamp.read_text() == digest.hexdigest():
            return folder
        stamp.unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        for file in source.iterdir():
            if file.is_file():
                shutil.copy(file, folder)
        try:
            install(folder)
        except CannotRun as error:
            raise CannotRun(f"the peers in {name} could not be installed, is {registry} within reach?\n{error}") from None
        stamp.write_text(digest.hexdigest())
        return folder


def _install_go(folder: Path) -> None:
    run(["go", "build", "-mod=readonly", "-trimpath", "-o", "interop", "."], folder, CGO_ENABLED="0", GOFLAGS="")


def _install_python(folder: Path) -> None:
    place = folder / "venv"
    if not (place / "bin/python").exists():
        venv.create(place, with_pip=True)
    pip = [place / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    run([*pip, "--only-binary", ":all:", "-r", "requirements.txt"], folder)


def _install_node(folder: Path) -> None:
    run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder)


def build_gateway() -> list[object]:
    """The command of the gateway, built where the end-to-end tests build it."""
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "e2e"
    features = ["--features", "dev", "--target-dir", str(target)]
    run(["cargo", "build", "--locked", "-p", "graylane-gateway", *features], ROOT, limit=3600)
    return [target / "debug/graylane", "serve", "--env", "dev", "--json", "-c", "{config}"]


def run(command: Sequence[object], folder: Path, limit: float = INSTALL_LIMIT, **environment: str) -> str:
    """A step of an installation: silent unless it fails."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotRun(f"{' '.join(map(str, command))}: no end within {limit} s") from None
    if done.returncode != 0:
        raise CannotRun(f"{' '.join(map(str, command))}:\n{done.stdout}")
    return done.stdout
