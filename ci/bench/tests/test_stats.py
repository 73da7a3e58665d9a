"""Paired ratios and spreads."""

import unittest

from lib.stats import paired_ratios, spread


class Ratios(unittest.TestCase):
    def test_a_machine_that_slows_a_whole_round_does_not_move_the_ratio(self) -> None:
        calm = {"graylane": 11.0, "nginx": 9.0, "haproxy": 11.0}
        slow = {name: cost * 1.7 for name, cost in calm.items()}

        ratios = paired_ratios([calm, slow], "graylane", ["nginx", "haproxy"])

        self.assertAlmostEqual(ratios[0], 1.1)
        self.assertAlmostEqual(ratios[1], 1.1)

    def test_a_round_without_a_peer_is_left_out(self) -> None:
        whole = {"graylane": 10.0, "nginx": 10.0, "haproxy": 10.0}
        torn = {"graylane": 10.0, "nginx": 1.0}

        ratios = paired_ratios([whole, torn], "graylane", ["nginx", "haproxy"])

        self.assertEqual(ratios, [1.0])


class Spreads(unittest.TestCase):
    def test_quartiles_lie_around_the_median(self) -> None:
        values = [5.0, 1.0, 3.0, 2.0, 4.0]

        found = spread(values)

        self.assertEqual((found.low, found.median, found.high, found.count), (2.0, 3.0, 4.0, 5))

    def test_a_single_value_is_its_own_spread(self) -> None:
        values = [7.0]

        found = spread(values)

        self.assertEqual(found.text(), "7.00 (7.00-7.00)")
