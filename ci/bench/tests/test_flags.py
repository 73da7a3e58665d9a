"""The bench of the flags: figures, output of the engines, traffic."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

from lib.flags.engines import HARNESS, Timing, read
from lib.flags.options import parse
from lib.flags.results import Results
from lib.flags.servers import Server
from lib.flags.targets import figures
from lib.flags.traffic import BULK, KEY, KNOWN, body, flags, script


def measured() -> Results:
    """Results in which the harness costs 10 and everything reaches its target."""
    results = Results(parts=("engines",))
    counts = {
        "handle-v2": {"a": 30, "b": 140, "c": 400},
        "handle-v3": {"a": 30, "b": 240, "c": 600},
        "name-v3": {"a": 200, "b": 300, "c": 700},
        "datalogic": {"a": 73, "b": 763, "c": 2_660},
        "flagd": {"a": 660, "b": 40_000, "c": 128_000},
    }
    for engine, shapes in counts.items():
        for shape, count in shapes.items():
            results.instructions[engine, shape] = count + 10
            results.instructions[HARNESS, shape] = 10
            results.allocations[engine, shape] = 0
            results.timings[engine, shape] = [Timing(10, 15), Timing(8, 12)]
    return results


class Figures(unittest.TestCase):
    def test_the_loop_around_an_evaluation_is_not_counted(self) -> None:
        results = measured()

        self.assertEqual(results.net("handle-v2", "b"), 140)

    def test_like_is_set_beside_like(self) -> None:
        by_name = {figure.name: figure for figure in figures(measured())}

        self.assertAlmostEqual(by_name["flags_b_fastest_peer"].value, 763 / 140)
        self.assertAlmostEqual(by_name["flags_b_official"].value, 40_000 / 240)
        self.assertTrue(all(figure.ok for figure in by_name.values()))

    def test_one_allocation_in_one_shape_is_short(self) -> None:
        results = measured()
        results.allocations["name-v3", "c"] = 1

        short = [figure.name for figure in figures(results) if not figure.ok]

        self.assertEqual(short, ["flags_allocations"])

    def test_without_flagd_the_ratios_are_none_and_short(self) -> None:
        results = Results(parts=("ofrep",))
        results.ofrep["single"] = [{"graylane": 10_000.0}]

        self.assertEqual([(figure.value, figure.ok) for figure in figures(results)], [(None, False)] * 2)

    def test_the_ratio_says_how_many_times_more_flagd_costs(self) -> None:
        results = Results(parts=("ofrep",))
        results.ofrep["single"] = [{"graylane": 10.0, "flagd": 60.0}, {"graylane": 20.0, "flagd": 100.0}]

        self.assertAlmostEqual(figures(results)[0].value, 5.5)


class Engines(unittest.TestCase):
    def test_lines_of_a_name_and_a_number_are_read(self) -> None:
        self.assertEqual(read("hot 2.5\ncycled 3\n"), {"hot": 2.5, "cycled": 3.0})


class Options(unittest.TestCase):
    def test_quick_figures_are_not_written_down(self) -> None:
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
            parse(["--quick", "--write"])


class Traffic(unittest.TestCase):
    def test_there_are_as_many_flags_as_a_bulk_wants(self) -> None:
        document = flags()

        self.assertEqual(len(document["flags"]), BULK)
        self.assertIn(KEY, document["flags"])

    def test_a_body_names_its_user(self) -> None:
        context = json.loads(body(7))["context"]

        self.assertEqual((context["targetingKey"], context["email"]), ("user-000007", "user-000007@example.com"))

    def test_the_script_posts_to_the_place_of_its_load(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            text = script(Path(folder), "bulk").read_text()

        self.assertIn('wrk.format("POST", "/ofrep/v1/evaluate/flags", nil', text)

    def test_who_knows_the_answer_says_its_tag(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            text = script(Path(folder), KNOWN, ['"a"', '"b"']).read_text()

        self.assertIn("""tags = {}, 0, {'"a"', '"b"'}""", text)
        self.assertIn("for number = 0, 2 - 1 do", text)


class Servers(unittest.TestCase):
    def test_places_are_filled_in_in_arguments_and_files(self) -> None:
        server = Server("one", ["serve", "{folder}/x"], "1", {"x": "{port0} {file}"})
        with tempfile.TemporaryDirectory() as folder:
            port, argv = server.ready(Path(folder), Path("flags.json"))

            self.assertEqual(argv, ["serve", f"{folder}/x"])
            self.assertEqual((Path(folder) / "x").read_text(), f"{port} flags.json")


if __name__ == "__main__":
    unittest.main()
