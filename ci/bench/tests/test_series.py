"""Rounds of several systems, and the figures of the parts that are measured so."""

import unittest

from lib.proxies.plans import BY_KEY, ONE, TWO
from lib.proxies.report import section, tables
from lib.proxies.results import PARTS, Results
from lib.proxies.series import Series, interleaved


def results(part: str, **series: list[dict[str, float]]) -> Results:
    versions = {"graylane": "1", "nginx": "1", "haproxy": "1", "envoy": "1"}
    return Results(parts=(part,), versions=versions, series={key: Series(rounds) for key, rounds in series.items()})


class Rounds(unittest.TestCase):
    def test_each_system_is_first_in_its_turn(self) -> None:
        systems = {"a": 1, "b": 2, "c": 3}

        orders = ["".join(interleaved(systems, number, lambda system: system)) for number in range(4)]

        self.assertEqual(orders, ["abc", "bca", "cab", "abc"])


class Figures(unittest.TestCase):
    def test_a_slow_round_does_not_move_the_ratio(self) -> None:
        found = results("grpc", grpc=[{"graylane": 10.0, "envoy": 40.0}, {"graylane": 30.0, "envoy": 120.0}])

        (figure,) = found.figures()

        self.assertEqual(figure.line(), "figure grpc_cpu_ratio 0.25 ratio target 0.5 ok")

    def test_without_the_peer_of_the_figure_there_is_none(self) -> None:
        found = results("http2", http2_to_http1=[{"graylane": 10.0, "haproxy": 20.0}])

        self.assertEqual([(figure.value, figure.ok) for figure in found.figures()], [(None, False)] * 2)

    def test_less_than_the_rate_of_nginx_is_short_and_the_cost_of_it_is_only_shown(self) -> None:
        slow, fast = [{"graylane": 900.0, "nginx": 1000.0}], [{"graylane": 1000.0, "nginx": 1000.0}]
        found = results("stream", download=slow, upload=fast, upload_cpu=slow)

        lines = [figure.line() for figure in found.figures()]

        self.assertEqual(
            lines,
            [
                "figure stream_download_ratio 0.9 ratio target 1 short",
                "figure stream_upload_ratio 1 ratio target 1 ok",
            ],
        )

    def test_two_workers_are_set_beside_one_of_the_same_system(self) -> None:
        found = results("workers", workers_graylane=[{ONE: 10.0, TWO: 10.5}], workers_nginx=[{ONE: 10.0, TWO: 20.0}])

        (figure,) = found.figures()

        self.assertEqual(figure.value, 1.05)

    def test_every_part_has_a_figure_and_every_figure_a_name_of_its_own(self) -> None:
        names = [figure.name for figure in Results(parts=PARTS).figures()]

        self.assertEqual(len(names), len(set(names)))
        for part in PARTS:
            self.assertTrue(Results(parts=(part,)).figures(), part)
        self.assertTrue(all(plan.part in PARTS for plan in BY_KEY.values()))


class Tables(unittest.TestCase):
    def test_a_system_that_cannot_do_one_of_them_has_an_empty_cell(self) -> None:
        both, one = {"graylane": 10.0, "envoy": 40.0, "nginx": 20.0}, {"graylane": 10.0, "envoy": 50.0}
        found = results("http2", http2_to_http1=[both], http2_to_http2=[one])

        (text,) = tables(found)

        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
        self.assertEqual(cells[0], ["CPU us/request", "graylane", "nginx", "envoy", "ratio to envoy"])
        self.assertEqual(cells[3][2], "")
        self.assertEqual(cells[3][-1], "0.20 (0.20-0.20)")

    def test_the_document_says_whether_a_target_is_a_ceiling_or_a_floor(self) -> None:
        found = results("stream", download=[{"graylane": 900.0, "nginx": 1000.0}])

        text = section(found, "ci/bench/proxy", {"cores": "2"})

        self.assertRegex(text, r"\| stream_download_ratio +\| 0.9 +\| ratio +\| at least 1 +\| short \|")
