"""Sections of a document that the benches own."""

import tempfile
import unittest
from pathlib import Path

from lib.markdown import replace_section, table, write_section


class Sections(unittest.TestCase):
    def test_only_the_text_between_the_markers_changes(self) -> None:
        document = "before\n<!-- bench:proxy -->\nold\n<!-- /bench:proxy -->\nafter\n"

        written = replace_section(document, "proxy", "new")

        self.assertEqual(written, "before\n<!-- bench:proxy -->\nnew\n<!-- /bench:proxy -->\nafter\n")

    def test_a_section_that_is_not_there_yet_is_appended(self) -> None:
        document = "# Benchmarks\n"

        written = replace_section(document, "proxy", "new")

        self.assertEqual(written, "# Benchmarks\n\n<!-- bench:proxy -->\nnew\n<!-- /bench:proxy -->\n")

    def test_a_marker_without_its_twin_is_refused(self) -> None:
        documents = ["<!-- bench:proxy -->\nold\n", "<!-- /bench:proxy -->\n<!-- bench:proxy -->\n"]

        for document in documents:
            with self.assertRaises(ValueError):
                replace_section(document, "proxy", "new")

    def test_writing_twice_gives_the_same_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "docs" / "benchmarks.md"

            write_section(path, "proxy", "text")
            once = path.read_text()
            write_section(path, "proxy", "text")

            self.assertEqual(path.read_text(), once)
            self.assertTrue(once.startswith("# Benchmarks\n"))

    def test_a_table_is_padded_to_its_widest_cell(self) -> None:
        rows = [["nginx", "1"]]

        written = table(["a", "bb"], rows)

        self.assertEqual(written, "| a     | bb |\n|-------|----|\n| nginx | 1  |")
