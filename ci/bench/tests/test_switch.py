import unittest

from lib.figures import exit_code
from lib.switch.report import KINDS, as_json, section
from lib.switch.results import LOSSES, Results, Run
from lib.switch.targets import figures


def tallies(**lost):
    """Ten exchanges of every kind, of which the keep-alive clients lost some."""
    plain = {"exchanges": 10, "answered": 10, "closed_idle": 3, "longest_ms": 7, **dict.fromkeys(LOSSES, 0)}
    found = {kind: dict(plain) for kind in KINDS}
    found["keepalive"].update(lost)
    return found


def results(parts=("switch", "reload", "kill"), **runs):
    return Results(parts, {(part, "graylane"): run for part, run in runs.items()})


class Figures(unittest.TestCase):
    def test_a_run_without_losses_reaches_every_figure(self):
        run = Run(100, 9.0, tallies())

        found = figures(results(switch=run, reload=run, kill=run))

        self.assertEqual(len(found), 2 * len(LOSSES) + 1)
        self.assertEqual(exit_code(found), 0)

    def test_one_reset_is_short_and_closing_an_idle_connection_is_not(self):
        found = figures(results(("switch",), switch=Run(100, 9.0, tallies(reset=1))))

        self.assertEqual([figure.name for figure in found if not figure.ok], ["switch_reset"])

    def test_what_was_not_measured_is_short(self):
        found = figures(results())

        self.assertTrue(found)
        self.assertFalse(any(figure.ok for figure in found))

    def test_a_kill_may_lose_what_was_held_and_no_more(self):
        for lost, beyond in ((0, 0), (4, 0), (5, 1)):
            run = Run(5, 9.0, tallies(unanswered=lost), held=[1, 3])

            (figure,) = figures(results(("kill",), kill=run))

            self.assertEqual(figure.value, beyond)


class Report(unittest.TestCase):
    def test_the_section_shows_each_loss_where_it_happened(self):
        found = results(("switch",), switch=Run(100, 9.0, tallies(reset=2)))

        text = section(found, figures(found), "ci/bench/switch", {"cpu": "any"})

        self.assertIn("| keep-alive, random idle", text)
        self.assertIn("| keep-alive over TLS, long idle", text)
        self.assertIn("2 of 10", text)
        self.assertEqual(as_json(found, [], "", {})["runs"][0]["events"], 100)

    def test_a_table_tells_what_was_closed_while_idle_and_of_kills_what_was_held(self):
        run = Run(2, 9.0, tallies(), held=[21, 23])

        switch, kill = (section(results((part,), **{part: run}), [], "", {}) for part in ("switch", "kill"))

        self.assertNotIn("held", switch)
        self.assertRegex(switch, r"graylane +\| 2 +\| 60 .*\| 18 +\| 7 +\|\n")
        self.assertRegex(kill, r"graylane +\| 2 +\| 44 +\| 60 .*\| 18 +\| 7 +\|\n")
        self.assertEqual(as_json(results(("kill",), kill=run), [], "", {})["runs"][0]["held"], [21, 23])


if __name__ == "__main__":
    unittest.main()
