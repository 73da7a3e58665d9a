"""Totals and calls of callgrind, and what is made of them."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lib.callgrind import Cost, allocations, cost_per_request, sum_of_costs, total
from lib.failure import BenchError

# A caller without a name, as in a stripped program; functions and their calls share one table of names.
REPORT = """\
fn=(7) malloc
+1 30

fn=(1) 0x0000000000012345
12 3
cfn=(7)
calls=3 +4
* 90
cfn=(8) memcpy@@GLIBC_2.14
calls=100 5
* 70
cob=(2) /lib/libc.so.6
cfi=(3) malloc.c
cfn=(9) realloc@GLIBC_2.2.5
calls=4 6
* 7
cfn=(10) posix_memalign'2
calls=1 6
* 7
cfn=(11) mallocate
calls=50 6
* 7
totals: 207
"""


class Totals(unittest.TestCase):
    def test_the_total_is_read_from_the_end_of_a_report(self) -> None:
        report = "# callgrind format\nevents: Ir\nfn=(1) main\n1 12\n\ntotals: 123456\n"

        found = total(report)

        self.assertEqual(found, 123456)

    def test_a_process_that_was_killed_counts_nothing(self) -> None:
        report = "# callgrind format\n"

        found = total(report)

        self.assertEqual(found, 0)

    def test_start_and_warm_up_cancel_out(self) -> None:
        start, each = 5_000_000, 26_084

        found = cost_per_request(lambda count: Cost(start + each * count, 700 + 2 * count), few=100, many=300)

        self.assertEqual(found, Cost(each, 2))


class Allocations(unittest.TestCase):
    def test_calls_of_allocators_are_counted_whoever_makes_them(self) -> None:
        found = allocations(REPORT)

        self.assertEqual(found, 3 + 4 + 1)

    def test_master_and_worker_are_summed(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for pid in (1, 2):
                (Path(folder) / f"out.{pid}").write_text(REPORT)

            found = sum_of_costs(Path(folder), mock.Mock())

        self.assertEqual(found, Cost(414, 16))

    def test_a_program_with_an_allocator_of_its_own_is_not_said_to_need_none(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "out.1").write_text("fn=(1) mi_malloc\n1 12\ntotals: 12\n")

            with self.assertRaisesRegex(BenchError, "an allocator of its own"):
                sum_of_costs(Path(folder), mock.Mock())
