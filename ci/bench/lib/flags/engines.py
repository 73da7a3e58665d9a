"""The flag engines, each in a process of its own, and what one such process says."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..callgrind import total
from ..cores import pinned
from ..failure import BenchError
from ..places import ROOT
from ..progress import say

MANIFEST = ROOT / "ci" / "bench" / "flags.d" / "engines" / "Cargo.toml"
BINARY = "graylane-bench-engines"

SHAPES = {"a": "A static on", "b": "B on for 30 % by user id", "c": "C three conditions, then 30 %"}

PEERS = ("datalogic", "yggdrasil", "flagd")
OFFICIAL = "flagd"
VERSIONS = {"datalogic": "datalogic-rs 5.4.0", "yggdrasil": "unleash-yggdrasil 0.21.7", "flagd": "flagd-evaluation-engine 0.1.0"}

# How a flag is found, and how a key becomes a bucket.
OURS = ("handle-v2", "handle-v3", "name-v2", "name-v3")
HARNESS = "empty"

# Enough for every path to be warm in the first life; the difference of both lives is exact at any number.
FEW = 1_000
MANY = 3_000


@dataclass(frozen=True)
class Timing:
    """Nanoseconds of one evaluation, the least of many windows."""

    hot: float
    cycled: float


@dataclass(frozen=True)
class Engines:
    """The built program."""

    binary: Path
    core: int

    def ask(self, *words: str, limit: int = 300) -> dict[str, float]:
        """One life: pairs of a name and a number."""
        with pinned(self.core):
            done = _run([str(self.binary), *words], limit)
        return read(done.stdout)

    def share(self, engine: str, shape: str) -> int:
        """How many of 10,000 users get the flag."""
        return round(self.ask(engine, shape, "share")["on"])

    def allocations(self, engine: str, shape: str) -> float:
        """On the heap, for each evaluation."""
        return self.ask(engine, shape, "run", "10000")["allocations"]

    def timing(self, engine: str, shape: str) -> Timing:
        """One process's word."""
        said = self.ask(engine, shape, "time")
        return Timing(said["hot"], said["cycled"])

    def instructions(self, *words: str, few: int = FEW, many: int = MANY) -> float:
        """User instructions of one turn: two lives, their difference by the difference of their turns."""
        return (self._life(*words, str(many)) - self._life(*words, str(few))) / (many - few)

    def _life(self, *words: str) -> int:
        with tempfile.TemporaryDirectory(prefix="graylane-bench-") as folder:
            out = Path(folder) / "out"
            tool = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}"]
            with pinned(self.core):
                _run([*tool, str(self.binary), *words], 600)
            return total(out.read_text(errors="replace"))


def build(core: int) -> Engines:
    """The peers and ours, with the settings of the artifact that ships."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target" / "bench" / "engines"))
    say("building the engines")
    argv = ["cargo", "build", "--release", "--locked", "--manifest-path", str(MANIFEST), "--target-dir", str(target)]
    _run(argv, 1800)
    return Engines(target.resolve() / "release" / BINARY, core)


def read(output: str) -> dict[str, float]:
    """Lines of a name and a number."""
    return {name: float(value) for name, value in (line.split() for line in output.splitlines())}


def _run(argv: Sequence[str], limit: int) -> subprocess.CompletedProcess[str]:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=limit)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(str(error)) from error
    if done.returncode:
        raise BenchError(f"{Path(argv[0]).name} ended with code {done.returncode}: {done.stderr.strip()[-400:]}")
    return done
