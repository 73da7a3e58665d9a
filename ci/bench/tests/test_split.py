"""The proof that a proxy does what it is measured for."""

import unittest
from pathlib import Path
from unittest import mock

from lib import traffic
from lib.failure import BenchError
from lib.proxies import split
from lib.proxies.model import CANARY, STABLE, Site
from lib.proxies.nginx import Nginx
from lib.proxies.stage import Running

SITE = Site(listen=1, admin=2, stable=9001, canary=9002, folder=Path("/nowhere"))

# The first of them are canary.
LANES = [(9002, CANARY)] * 200 + [(9001, STABLE)] * (split.USERS - 200)


def lanes(canary: int) -> list[str]:
    return [CANARY] * canary + [STABLE] * (split.USERS - canary)


class Splits(unittest.TestCase):
    def test_a_sticky_split_near_ten_percent_passes(self) -> None:
        first = lanes(canary=208)

        found = split.judge("nginx", first, list(first))

        self.assertEqual((found.share, found.moved), (10.4, 0))

    def test_a_single_user_who_moves_is_an_error(self) -> None:
        first, second = lanes(canary=200), lanes(canary=201)

        with self.assertRaisesRegex(BenchError, "not sticky: 1 of 2000"):
            split.judge("nginx", first, second)

    def test_a_wrong_share_is_an_error(self) -> None:
        first = lanes(canary=1000)

        with self.assertRaisesRegex(BenchError, "50.0 %"):
            split.judge("nginx", first, list(first))

    def test_the_header_must_name_the_lane_whose_port_was_reached(self) -> None:
        lies = ["9001 canary user-1", "9002 stable user-1", "9001  user-1", "9003 stable user-1", "no answer"]

        for lie in lies:
            with self.assertRaises(BenchError):
                split.lane_seen(lie, SITE, "nginx")
        self.assertEqual(split.lane_seen("9002 canary user-1", SITE, "nginx"), CANARY)


class OverHttp2(unittest.TestCase):
    def test_answers_in_another_order_belong_to_the_user_that_they_name(self) -> None:
        answers = [f"{port} {lane} {traffic.user(number)}\n" for number, (port, lane) in enumerate(LANES)]
        running = Running(Nginx(), SITE, mock.Mock())

        with mock.patch.object(split.h2, "get", side_effect=["".join(answers), "".join(reversed(answers))]):
            found = split.verify_http2(running)

        self.assertEqual((found.canary, found.moved), (200, 0))

    def test_an_answer_that_did_not_come_is_an_error(self) -> None:
        running = Running(Nginx(), SITE, mock.Mock())

        with mock.patch.object(split.h2, "get", return_value="9001 stable user-000000\n"):
            with self.assertRaisesRegex(BenchError, "1 answers to 2000 users"):
                split.verify_http2(running)
