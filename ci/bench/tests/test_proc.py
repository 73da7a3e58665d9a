"""Reading /proc, on a made-up one."""

import tempfile
import unittest
from pathlib import Path

from lib.memory import memory
from lib.schedstat import cpu_nanoseconds
from lib.tree import tree


def process(proc: Path, pid: int, parent: int, name: str, run_times: list[int], kib: int) -> None:
    folder = proc / str(pid)
    for index, run_time in enumerate(run_times):
        task = folder / "task" / str(pid + index)
        task.mkdir(parents=True)
        (task / "schedstat").write_text(f"{run_time} 77 3\n")
    (folder / "stat").write_text(f"{pid} ({name}) S {parent} 1 1 0\n")
    (folder / "status").write_text(f"Name:\t{name}\nVmHWM:\t  {kib * 2} kB\nVmRSS:\t  {kib} kB\nThreads:\t1\n")


class Processes(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.proc = Path(folder.name)
        process(self.proc, 10, 1, "master", [5], 1000)
        process(self.proc, 20, 10, "odd) S 1 (name", [1_000, 2_000], 2000)
        process(self.proc, 30, 1, "stranger", [1_000_000], 9000)
        (self.proc / "uptime").write_text("1 1\n")

    def test_a_worker_with_an_odd_name_belongs_to_its_master(self) -> None:
        found = tree(10, self.proc)

        self.assertEqual(found, [10, 20])

    def test_the_time_of_all_threads_of_the_tree_is_summed(self) -> None:
        found = cpu_nanoseconds(10, self.proc)

        self.assertEqual(found, 3_005)

    def test_memory_is_in_megabytes_of_a_million_bytes(self) -> None:
        found = memory(10, self.proc)

        self.assertAlmostEqual(found.resident_mb, 3.072)
        self.assertAlmostEqual(found.peak_mb, 6.144)
