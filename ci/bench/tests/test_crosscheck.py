"""The cross-check: generator, comparison, known deviations."""

import json
import re
import unittest
from pathlib import Path

from lib.crosscheck.compare import Answer, alike, differences
from lib.crosscheck.generate import cases
from lib.crosscheck.known import DEVIATIONS

DRIVERS = Path(__file__).resolve().parents[1] / "lib" / "crosscheck" / "drivers"


class Generator(unittest.TestCase):
    def test_the_same_seed_gives_the_same_cases(self) -> None:
        once = [case.line() for case in cases(7, 200, "v3")]

        again = [case.line() for case in cases(7, 200, "v3")]

        self.assertEqual(once, again)

    def test_the_count_is_that_of_pairs_also_where_it_is_not_round(self) -> None:
        whole = list(cases(1, 123, "v2"))

        self.assertEqual(sum(len(case.asks) for case in whole), 123)

    def test_each_case_is_json_and_asks_a_flag_of_its_set(self) -> None:
        for case in cases(2, 500, "v3"):
            line = json.loads(json.dumps(case.line(), allow_nan=False))

            self.assertTrue(all(key in line["set"]["flags"] for key, _ in line["asks"]))

    def test_every_operator_of_the_schema_occurs(self) -> None:
        text = "".join(json.dumps(case.line()) for case in cases(3, 20_000, "v3"))

        found = set(re.findall(r'\{"([^"]+)": ', text))

        wanted = (
            "var missing missing_some if == === != !== > >= < <= % / * + - max min map filter all none some reduce in "
            "substr cat merge or and ! !! starts_with ends_with sem_ver fractional $ref"
        )
        self.assertEqual(set(wanted.split()) - found, set())


class Comparison(unittest.TestCase):
    def test_numbers_are_compared_by_value_and_booleans_are_no_numbers(self) -> None:
        self.assertTrue(alike({"a": [1, 2.0]}, {"a": [1.0, 2]}))
        self.assertFalse(alike(1, True))
        self.assertFalse(alike({"a": 1}, {"a": 1, "b": None}))

    def test_another_reason_is_a_difference(self) -> None:
        split = Answer("on", True, "SPLIT", None)

        self.assertFalse(split.same(Answer("on", True, "TARGETING_MATCH", None)))

    def test_a_difference_prints_a_line_that_a_driver_reads(self) -> None:
        case = next(iter(cases(1, 1, "v2")))

        found = differences([case], [[["on", True, "STATIC", None]]], [[["off", False, "STATIC", None]]])

        line, theirs, ours = found[0].text().splitlines()
        self.assertEqual(json.loads(line), case.line())
        self.assertEqual((theirs[:9], ours[:6]), ("  theirs ", "  ours"))


class KnownDeviations(unittest.TestCase):
    def test_each_has_a_mend_in_the_driver_of_its_evaluator(self) -> None:
        drivers = {"v2": "mends_node.cjs", "v3": "mends_python.py"}
        texts = {generation: (DRIVERS / name).read_text() for generation, name in drivers.items()}

        for each in DEVIATIONS:
            with self.subTest(each.name):
                self.assertRegex(texts[each.generation], f"['\"]{each.name}['\"]")


if __name__ == "__main__":
    unittest.main()
