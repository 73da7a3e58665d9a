"""The proof that a proxy does what it is measured for."""

import unittest
from pathlib import Path
from unittest import mock

from lib.failure import BenchError
from lib.proxies import split
from lib.proxies.model import CANARY, STABLE, Site
from lib.proxies.nginx import Nginx
from lib.proxies.stage import Running

SITE = Site(listen=1, admin=2, stable=9001, canary=9002, folder=Path("/nowhere"))


def verify(first: list[str], second: list[str]) -> split.Split:
    running = Running(Nginx(), SITE, mock.Mock())
    with mock.patch.object(split, "_lanes", side_effect=[first, second]):
        return split.verify(running)


def lanes(canary: int) -> list[str]:
    return [CANARY] * canary + [STABLE] * (split.USERS - canary)


class Splits(unittest.TestCase):
    def test_a_sticky_split_near_ten_percent_passes(self) -> None:
        first = lanes(canary=208)

        found = verify(first, list(first))

        self.assertEqual((found.share, found.moved), (10.4, 0))

    def test_a_single_user_who_moves_is_an_error(self) -> None:
        first, second = lanes(canary=200), lanes(canary=201)

        with self.assertRaisesRegex(BenchError, "not sticky: 1 of 2000"):
            verify(first, second)

    def test_a_wrong_share_is_an_error(self) -> None:
        first = lanes(canary=1000)

        with self.assertRaisesRegex(BenchError, "50.0 %"):
            verify(first, list(first))

    def test_the_header_must_name_the_lane_whose_port_was_reached(self) -> None:
        lies = ["9001 canary", "9002 stable", "9001 ", "9003 stable"]

        for lie in lies:
            with self.assertRaises(BenchError):
                split.lane_seen(lie, SITE, "nginx")
        self.assertEqual(split.lane_seen("9002 canary", SITE, "nginx"), CANARY)
