"""The client whose requests are counted."""

import unittest

from lib import traffic
from lib.client import head, send_exactly, wait_for_answer
from lib.failure import BenchError
from lib.ports import free_ports

from .upstream import upstream


class ExactLoad(unittest.TestCase):
    def test_exactly_the_asked_number_is_sent_over_the_asked_connections(self) -> None:
        with upstream() as server:
            send_exactly(server.port, count=27, connections=8)

            self.assertEqual(sorted(server.users), [traffic.user(number) for number in range(27)])
            self.assertEqual(server.connections, 8)

    def test_an_answer_that_is_not_200_ends_the_measurement(self) -> None:
        with upstream(status=502) as server:
            with self.assertRaisesRegex(BenchError, "expected 200, got 502"):
                send_exactly(server.port, count=8, connections=8)

    def test_an_answer_without_a_length_is_not_guessed_at(self) -> None:
        text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"

        with self.assertRaises(ConnectionError):
            head(text)


class Waiting(unittest.TestCase):
    def test_a_server_that_answers_is_ready(self) -> None:
        with upstream() as server:
            moment = wait_for_answer(server.port, limit=5, alive=lambda: None)

            self.assertGreater(moment, 0)

    def test_a_process_that_ended_is_noticed_before_the_limit(self) -> None:
        def ended() -> None:
            raise BenchError("it ended: bad configuration")

        with self.assertRaisesRegex(BenchError, "bad configuration"):
            wait_for_answer(free_ports(1)[0], limit=60, alive=ended)

    def test_errors_are_no_sign_of_readiness(self) -> None:
        with upstream(status=503) as server:
            with self.assertRaisesRegex(BenchError, "it answers 503"):
                wait_for_answer(server.port, limit=0.1, alive=lambda: None)
