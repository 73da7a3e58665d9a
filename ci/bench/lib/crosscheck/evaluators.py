"""The evaluators: the official ones, installed under target/crosscheck, and ours."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..failure import BenchError
from ..places import ROOT
from ..progress import say

HOME = ROOT / "target" / "crosscheck"
DRIVERS = Path(__file__).parent / "drivers"

# Pinned: another version may be of another generation of bucketing.
PYTHON_PACKAGE = "openfeature-flagd-core==2.0.0"
NODE_PACKAGES = ("@openfeature/flagd-core@4.0.1", "@openfeature/core@1.12.0")


@dataclass(frozen=True)
class Peer:
    """An official evaluator, and the generation of bucketing that it implements."""

    name: str
    generation: str
    install: Callable[[], list[str]]


def python_command() -> list[str]:
    """The Python evaluator, in a virtual environment of its own."""
    python = HOME / "venv" / "bin" / "python"
    if not _stamped("venv", PYTHON_PACKAGE):
        say(f"installing {PYTHON_PACKAGE} under target/crosscheck")
        _run([sys.executable, "-m", "venv", "--clear", str(HOME / "venv")])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PYTHON_PACKAGE])
        _stamp("venv", PYTHON_PACKAGE)
    return [str(python), str(DRIVERS / "flagd_python.py")]


def node_command() -> list[str]:
    """The JavaScript evaluator, below a prefix of its own."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise BenchError(f"{program} is missing", "install Node.js 20 or later, or leave out v2: --generation v3")
    prefix = HOME / "npm"
    wanted = " ".join(NODE_PACKAGES)
    if not _stamped("npm", wanted):
        say(f"installing {wanted} under target/crosscheck")
        prefix.mkdir(parents=True, exist_ok=True)
        (prefix / "package.json").write_text('{"private": true}\n')
        quiet = ["--no-fund", "--no-audit", "--no-save", "--loglevel=error"]
        _run(["npm", "install", "--prefix", str(prefix), *quiet, *NODE_PACKAGES])
        _stamp("npm", wanted)
    return ["node", str(DRIVERS / "flagd_node.cjs"), str(prefix / "package.json")]


PEERS = {
    "v2": Peer("@openfeature/flagd-core 4.0.1 (JavaScript)", "v2", node_command),
    "v3": Peer("openfeature-flagd-core 2.0.0 (Python)", "v3", python_command),
}


def our_command() -> list[str]:
    """Ours: an example of the flags crate, built as its tests are."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    _run(["cargo", "build", "--quiet", "--locked", "-p", "graylane-flags", "--example", "answers"], limit=1800)
    return [str(ROOT / target / "debug" / "examples" / "answers")]


def answers(argv: Sequence[str], lines: Path) -> list[list]:
    """What an evaluator says to each line of a file, in order."""
    with lines.open("rb") as source:
        done = subprocess.run(argv, stdin=source, capture_output=True, check=False, timeout=1800)
    if done.returncode:
        raise BenchError(f"{argv[0]} ended with code {done.returncode}: {done.stderr.decode()[-500:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _stamped(name: str, wanted: str) -> bool:
    stamp = HOME / f"{name}.stamp"
    return stamp.exists() and stamp.read_text() == wanted


def _stamp(name: str, wanted: str) -> None:
    (HOME / f"{name}.stamp").write_text(wanted)


def _run(argv: Sequence[str], limit: int = 300) -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=limit)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(str(error)) from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise BenchError(f"{' '.join(argv[:2])} ended with code {done.returncode}: {said[-500:]}")
