"""Processes that end with the check, however it ends."""

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .checks import CannotRun, Wrong

START_LIMIT = 30
RUN_LIMIT = 100


class Ran:
    """How a program ended that was waited for."""

    def __init__(self, code: int, body: bytes, error: str) -> None:
        self.code = code
        self.body = body
        self.out = body.decode(errors="replace")
        self.error = error
        self.all = self.out + error


class Running:
    """A program in the background; what it prints goes to files, never to a pipe that could fill up."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], out: Path, error: Path) -> None:
        self.name = name
        self.process = process
        self._out = out
        self._error = error

    @property
    def out(self) -> str:
        """What it printed so far."""
        return self._out.read_bytes().decode(errors="replace")

    @property
    def error(self) -> str:
        """What it said on standard error so far."""
        return self._error.read_text(errors="replace")

    def first_object(self) -> dict:
        """The first line that it prints, which is JSON and says that it is ready."""
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end:
            line, newline, _ = self.out.partition("\n")
            if newline:
                return json.loads(line)
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise CannotRun(f"{self.name} did not start:\n{self.out}{self.error}")

    def wait(self, limit: float = RUN_LIMIT) -> Ran:
        """Until it has ended. By its descriptor: a wait with a limit would look only every 50 ms, hundreds of times."""
        descriptor = os.pidfd_open(self.process.pid)
        try:
            ended, _, _ = select.select([descriptor], [], [], limit)
        finally:
            os.close(descriptor)
        if not ended:
            raise Wrong(f"{self.name}: no end within {limit} s")
        return Ran(self.process.wait(), self._out.read_bytes(), self.error)

    def stop(self, grace: float = 3) -> None:
        """SIGTERM, then SIGKILL to it and to what it started."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(grace)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Processes:
    """All of them, and the folder of what they print; leaving the block ends every one."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="graylane-interop-"))
        self._running: list[Running] = []
        self._started = 0

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        # A second Ctrl-C must not leave half of them behind.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        try:
            for each in self._running:
                if each.process.poll() is None:
                    each.process.terminate()
            for each in self._running:
                each.stop(grace=1)
            shutil.rmtree(self._folder, ignore_errors=True)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    @property
    def folder(self) -> Path:
        """Where certificates and configurations of this run lie."""
        return self._folder

    def start(self, name: str, command: Sequence[object], asked: str = "") -> Running:
        """Starts a program; `asked` is its standard input."""
        self._started += 1
        out, error, into = (self._folder / f"{self._started:03}-{name}.{end}" for end in ("out", "err", "in"))
        into.write_text(asked)
        # Where this script is killed outright, the kernel ends its children.
        argv = ["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)]
        with into.open("rb") as source, out.open("wb") as sink, error.open("wb") as other:
            process = subprocess.Popen(
                argv,
                stdin=source,
                stdout=sink,
                stderr=other,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "*", "GRPC_VERBOSITY": "ERROR"},
                start_new_session=True,
            )
        running = Running(name, process, out, error)
        self._running.append(running)
        return running

    def run(self, command: Sequence[object], asked: str = "", limit: float = RUN_LIMIT) -> Ran:
        """Starts a program and waits for its end."""
        running = self.start(Path(str(command[0])).name, command, asked)
        try:
            return running.wait(limit)
        finally:
            running.stop(grace=0.1)
            self._running.remove(running)
