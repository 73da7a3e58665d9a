"""Nothing outlives a bench."""

import os
import signal
import tempfile
import unittest
from pathlib import Path

from lib.children import Child, Children
from lib.cores import choose
from lib.failure import BenchError
from lib.tree import tree

CORE = choose().measured


def wait_for_log(child: Child, word: str) -> str:
    """Wait on the condition that the process has spoken; it ends by itself if it cannot."""
    while word not in (text := child.log.read_text()):
        child.require_alive()
    return text


class Lives(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.logs = Path(folder.name)

    def test_leaving_the_block_ends_a_stubborn_process_and_its_worker(self) -> None:
        script = "trap '' TERM; sleep 20 & echo worker $!; wait; sleep 20"

        with self.assertRaises(KeyboardInterrupt), Children(self.logs) as children:
            child = children.start("stubborn", ["sh", "-c", script], CORE)
            worker = int(wait_for_log(child, "worker").split()[1])
            raise KeyboardInterrupt

        self.assertEqual(child.process.returncode, -signal.SIGKILL)
        self.assertFalse(_runs(worker))
        self.assertEqual(tree(os.getpid()), [os.getpid()])

    def test_a_process_is_born_on_its_core_and_we_stay_where_we_were(self) -> None:
        before = os.sched_getaffinity(0)

        with Children(self.logs) as children:
            child = children.start("pinned", ["sleep", "60"], CORE)
            born_on = os.sched_getaffinity(child.pid)

        self.assertEqual(born_on, {CORE})
        self.assertEqual(os.sched_getaffinity(0), before)

    def test_a_process_that_ended_is_reported_with_its_last_words(self) -> None:
        with Children(self.logs) as children:
            child = children.start("broken", ["sh", "-c", "echo port in use >&2; exit 12"], CORE)
            child.process.wait()

            with self.assertRaisesRegex(BenchError, "broken ended with code 12: port in use"):
                child.require_alive()

    def test_a_program_that_is_not_there_is_a_bench_error(self) -> None:
        with Children(self.logs) as children, self.assertRaisesRegex(BenchError, "cannot start nothing"):
            children.start("nothing", ["/nowhere/nothing"], CORE)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    # Killed, and only waiting for somebody to ask how it ended.
    return state not in "ZX"
