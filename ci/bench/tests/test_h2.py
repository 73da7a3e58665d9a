"""h2load's summary, and what nghttp is asked."""

import unittest
from unittest import mock

from lib import h2
from lib.failure import BenchError


def output(done: int = 1000, succeeded: int = 1000, failed: int = 0) -> str:
    return (
        "finished in 2.00s, 500.00 req/s, 1.00MB/s\n"
        f"requests: {done} total, {done + 64} started, {done} done, {succeeded} succeeded, {failed} failed, "
        f"{failed} errored, 0 timeout\n"
        f"status codes: {succeeded} 2xx, 0 3xx, 0 4xx, {done - succeeded} 5xx\n"
    )


class Summaries(unittest.TestCase):
    def test_requests_that_were_answered_well_are_counted(self) -> None:
        found = h2.parse(output())

        self.assertEqual(found, 1000)

    def test_failures_and_errors_are_no_basis_for_a_figure(self) -> None:
        for text in (output(failed=3), output(succeeded=999)):
            with self.assertRaisesRegex(BenchError, "no basis for a figure"):
                h2.parse(text)

    def test_no_answer_at_all_is_an_error(self) -> None:
        with self.assertRaisesRegex(BenchError, "no answer"):
            h2.parse(output(done=0, succeeded=0))

    def test_an_h2load_without_a_summary_shows_its_own_words(self) -> None:
        with self.assertRaisesRegex(BenchError, "unknown option"):
            h2.parse("h2load: unknown option\n")


class Questions(unittest.TestCase):
    def test_no_more_are_asked_at_once_than_under_load(self) -> None:
        paths = [f"/{number}" for number in range(150)]
        said = mock.Mock(side_effect=["a\n", "b\n", "c\n"])

        with mock.patch.object(h2, "_output", said):
            found = h2.get(7, paths)

        asked = [[word for word in call.args[0] if word.startswith("http")] for call in said.call_args_list]
        self.assertEqual([len(urls) for urls in asked], [64, 64, 22])
        self.assertEqual(sum(asked, []), [f"http://127.0.0.1:7{path}" for path in paths])
        self.assertEqual(found, "a\nb\nc\n")
