"""Figure lines are read by scripts: their form is a contract."""

import unittest

from lib.figures import Figure, exit_code


class Figures(unittest.TestCase):
    def test_a_cost_at_its_target_is_ok(self) -> None:
        figure = Figure("proxy_cpu_ratio", 1.05, "ratio", 1.05)

        line = figure.line()

        self.assertEqual(line, "figure proxy_cpu_ratio 1.05 ratio target 1.05 ok")

    def test_a_cost_above_its_target_is_short(self) -> None:
        figure = Figure("proxy_user_instructions", 30_412.4, "instructions/request", 30_000)

        line = figure.line()

        self.assertEqual(
            line, "figure proxy_user_instructions 30412 instructions/request target 30000 short"
        )

    def test_a_yield_is_short_below_its_target(self) -> None:
        figure = Figure("flags_per_second", 900.0, "1/s", 1000, at_most=False)

        line = figure.line()

        self.assertEqual(line, "figure flags_per_second 900 1/s target 1000 short")

    def test_a_figure_that_was_not_measured_is_short(self) -> None:
        figure = Figure("ready_ms", None, "ms", 30)

        line = figure.line()

        self.assertEqual(line, "figure ready_ms none ms target 30 short")

    def test_one_short_figure_fails_the_bench(self) -> None:
        good, bad = Figure("a", 1, "ms", 2), Figure("b", 3, "ms", 2)

        codes = exit_code([good, good]), exit_code([good, bad])

        self.assertEqual(codes, (0, 1))
