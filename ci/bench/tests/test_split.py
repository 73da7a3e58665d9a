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

SITE = Site(listen=1, admin=2, stable=(9001, 9003), canary=(9002, 9004), folder=Path("/nowhere"))


def users(canary: int) -> list[split.Seen]:
    """What each was given: the first of them canary, and the servers of a lane in turn."""
    lanes = [(CANARY, SITE.canary)] * canary + [(STABLE, SITE.stable)] * (split.USERS - canary)
    return [split.Seen(lane, servers[number % 2]) for number, (lane, servers) in enumerate(lanes)]


class Splits(unittest.TestCase):
    def test_a_sticky_split_near_ten_percent_passes(self) -> None:
        first = users(canary=208)

        found = split.judge("nginx", SITE, first, list(first))

        self.assertEqual((found.share, found.moved), (10.4, 0))

    def test_a_single_user_who_moves_is_an_error(self) -> None:
        first, second = users(canary=200), users(canary=201)

        with self.assertRaisesRegex(BenchError, "not sticky: 1 of 2000"):
            split.judge("nginx", SITE, first, second)

    def test_a_wrong_share_is_an_error(self) -> None:
        first = users(canary=1000)

        with self.assertRaisesRegex(BenchError, "50.0 %"):
            split.judge("nginx", SITE, first, list(first))

    def test_a_user_may_be_given_another_server_of_the_same_lane(self) -> None:
        first = users(canary=200)
        second = [*first[1:200], first[0], *first[201:], first[200]]

        found = split.judge("nginx", SITE, first, second)

        self.assertNotEqual(first, second)
        self.assertEqual(found.moved, 0)

    def test_a_server_that_nobody_was_given_is_an_error(self) -> None:
        first = [split.Seen(each.lane, 9002 if each.lane == CANARY else each.port) for each in users(canary=200)]

        with self.assertRaisesRegex(BenchError, "asked not all servers; .*: canary$"):
            split.judge("nginx", SITE, first, list(first))

    def test_the_header_must_name_the_lane_whose_port_was_reached(self) -> None:
        lies = ["9001 canary user-1", "9002 stable user-1", "9001  user-1", "9005 stable user-1", "no answer"]

        for lie in lies:
            with self.assertRaises(BenchError):
                split.seen(lie, SITE, "nginx")
        self.assertEqual(split.seen("9004 canary user-1", SITE, "nginx"), split.Seen(CANARY, 9004))


class OverHttp2(unittest.TestCase):
    def test_answers_in_another_order_belong_to_the_user_that_they_name(self) -> None:
        answers = [f"{each.port} {each.lane} {traffic.user(number)}\n" for number, each in enumerate(users(canary=200))]
        running = Running(Nginx(), SITE, mock.Mock())

        with mock.patch.object(split.h2, "get", side_effect=["".join(answers), "".join(reversed(answers))]):
            found = split.verify_http2(running)

        self.assertEqual((found.canary, found.moved), (200, 0))

    def test_an_answer_that_did_not_come_is_an_error(self) -> None:
        running = Running(Nginx(), SITE, mock.Mock())

        with mock.patch.object(split.h2, "get", return_value="9001 stable user-000000\n"):
            with self.assertRaisesRegex(BenchError, "1 answers to 2000 users"):
                split.verify_http2(running)
