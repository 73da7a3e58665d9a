"""Totals of callgrind, and what is made of them."""

import unittest

from lib.callgrind import instructions_per_request, total


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

        found = instructions_per_request(lambda count: start + each * count, few=100, many=300)

        self.assertEqual(found, each)
