"""wrk's summary, as our script prints it."""

import unittest

from lib.failure import BenchError
from lib.wrk import parse


def output(refused: int = 0, requests: int = 1000) -> str:
    return (
        "Running 2s test @ http://127.0.0.1:1/\n"
        f'bench-summary {{"requests":{requests},"microseconds":2000000,"p50":1300,"p99":4100,'
        f'"refused":{refused},"broken":3}}\n'
    )


class Summaries(unittest.TestCase):
    def test_the_summary_is_found_among_the_other_lines(self) -> None:
        text = output()

        load = parse(text)

        self.assertEqual((load.requests, load.p50_us, load.p99_us, load.broken), (1000, 1300, 4100, 3))
        self.assertEqual(load.per_second, 500.0)

    def test_errors_among_the_answers_are_no_basis_for_a_figure(self) -> None:
        text = output(refused=1)

        with self.assertRaisesRegex(BenchError, "1 of 1000 answers were errors"):
            parse(text)

    def test_no_answer_at_all_is_an_error(self) -> None:
        text = output(requests=0)

        with self.assertRaisesRegex(BenchError, "no answer"):
            parse(text)

    def test_a_wrk_that_could_not_start_shows_its_own_words(self) -> None:
        text = "unable to connect to 127.0.0.1:1 Connection refused\n"

        with self.assertRaisesRegex(BenchError, "Connection refused"):
            parse(text)
