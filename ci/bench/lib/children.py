"""Child processes that never outlive the bench."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from .cores import pinned
from .failure import BenchError
from .tree import tree

_INTERRUPTS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM}


class Child:
    """One process in a session of its own, so that it and its workers can be ended together."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log

    @property
    def pid(self) -> int:
        """The process id, also the id of its group."""
        return self.process.pid

    def require_alive(self) -> None:
        """Fail with the process's own last words when it has ended by itself."""
        code = self.process.poll()
        if code is not None:
            raise BenchError(f"{self.name} ended with code {code}: {self.last_words()}")

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return " | ".join(lines[-5:]) or "(it said nothing)"

    def stop(self, grace: float = 3.0) -> None:
        """SIGTERM, then SIGKILL to the whole group after `grace` seconds."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(grace)
            except subprocess.TimeoutExpired:
                pass
        # Also when the leader has gone: its workers may still be there.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Children:
    """All processes of one bench; leaving the block ends every one, whatever the reason."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[Child] = []
        self._started = 0

    def __enter__(self) -> "Children":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A second Ctrl-C must not leave half of them behind; the wait below is bounded by SIGKILL.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
        try:
            for child in self._running:
                if child.process.poll() is None:
                    child.process.terminate()
            for child in self._running:
                child.stop(grace=1.0)
            self._running.clear()
            _end_unrecorded()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def start(self, name: str, argv: Sequence[str], *cores: int) -> Child:
        """Start `argv` on `cores`; what it prints goes to a log file, never to a pipe that could fill up."""
        self._started += 1
        log = self._logs / f"{self._started:03}-{name}.log"
        with log.open("wb") as sink, pinned(*cores):
            try:
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise BenchError(f"cannot start {name}: {error}") from error
        child = Child(name, process, log)
        self._running.append(child)
        return child

    def stop(self, child: Child, grace: float = 3.0) -> None:
        """End one of them early."""
        child.stop(grace)
        self._running.remove(child)


def _end_unrecorded() -> None:
    """End what an interrupt caught between its start and its entry in the list; all below us is ours."""
    for pid in tree(os.getpid())[1:]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
