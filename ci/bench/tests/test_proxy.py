"""The whole bench, with a second nginx in the gateway's place."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from lib.install import extend_path, missing
from lib.tree import tree

SCRIPT = Path(__file__).resolve().parents[1] / "proxy"

extend_path()


def bench(folder: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(SCRIPT), *arguments],
        env={**os.environ, "TMPDIR": folder},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What runs behind `nohup .. &` ignores interrupts, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


class WrongUse(unittest.TestCase):
    def test_a_part_that_does_not_exist_is_a_usage_error(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            process = bench(folder, "--only", "speed")
            _, errors = process.communicate()

        self.assertEqual(process.returncode, 2)
        self.assertIn("choose from size, ready, cpu, memory, workers, http2, grpc, tls, stream, idle, instructions, allocations", errors)

    def test_a_binary_that_is_not_there_is_one_message_with_a_hint(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            process = bench(folder, "--only", "size", "--binary", "nowhere/graylane")
            output, errors = process.communicate()

        self.assertEqual((process.returncode, output), (2, ""))
        self.assertIn("error: graylane is not there\nhint: check the path", errors)

    def test_a_part_alone_may_not_replace_the_whole_section(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            process = bench(folder, "--only", "size", "--write")
            _, errors = process.communicate()

        self.assertEqual(process.returncode, 2)
        self.assertIn("--write needs all parts", errors)

    def test_a_large_binary_is_short(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            binary = Path(folder) / "graylane"
            with binary.open("wb") as file:
                file.truncate(6_100_000)
            process = bench(folder, "--only", "size", "--binary", str(binary))
            output, _ = process.communicate()

        self.assertEqual(process.returncode, 1)
        self.assertEqual(output.splitlines()[-1], "figure prod_binary_mb 6.1 MB target 6 short")
        self.assertNotIn(folder, output)


@unittest.skipIf(missing(["nginx", "haproxy", "wrk"]), "needs nginx, haproxy and wrk")
class WholeBench(unittest.TestCase):
    def test_a_stand_in_is_measured_from_end_to_end(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            arguments = ["--stand-in", "--no-envoy", "--only", "cpu,memory,ready", "--rounds", "2", "--seconds", "1"]
            process = bench(folder, *arguments, "--starts", "2", "--json", str(report))
            output, errors = process.communicate()
            told = json.loads(report.read_text())
            left = sorted(path.name for path in Path(folder).iterdir())

        self.assertIn(process.returncode, (0, 1), errors)
        lines = [line.split() for line in output.splitlines() if line.startswith("figure ")]
        self.assertEqual([line[1] for line in lines], ["ready_ms", "proxy_cpu_ratio", "proxy_p99_ratio", "proxy_rss_64"])
        self.assertEqual([each["ok"] for each in told["figures"]], [line[-1] == "ok" for line in lines])
        # An nginx beside an nginx and an HAProxy: far off would mean that the windows do not match.
        self.assertTrue(0.5 < float(lines[1][2]) < 2.0, output)
        self.assertEqual(told["splits"]["graylane"], told["splits"]["nginx"])
        self.assertEqual(len(told["rounds"]), 2)
        self.assertEqual(left, ["report.json"])

    def test_an_interrupt_ends_all_processes_and_leaves_no_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            process = bench(folder, "--stand-in", "--no-envoy", "--only", "cpu", "--seconds", "60")
            while "wrk" not in map(_name, family := tree(process.pid)):
                self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate()
            left = list(Path(folder).iterdir())

        self.assertEqual(process.returncode, 130, errors)
        self.assertGreater(len(family), 4)
        # A process that was ended keeps its name until its parent, here often init, has taken note.
        deadline = time.monotonic() + 10
        while (there := [pid for pid in family if _name(pid)]) and time.monotonic() < deadline:
            os.sched_yield()
        self.assertEqual(there, [])
        self.assertEqual(left, [])


NEEDED = ["nginx", "haproxy", "h2load", "nghttp", "nghttpd", "openssl"]


@unittest.skipIf(missing(NEEDED), f"needs {', '.join(NEEDED)}")
class OtherParts(unittest.TestCase):
    def test_what_a_stand_in_cannot_do_is_none_and_short_and_all_else_is_measured(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            arguments = ["--stand-in", "--no-envoy", "--only", "http2,grpc,tls,stream,idle", "--rounds", "1"]
            arguments += ["--seconds", "1", "--idle", "1000", "--bytes", "20000000", "--json", str(report)]
            process = bench(folder, *arguments)
            output, errors = process.communicate()
            told = json.loads(report.read_text())

        self.assertEqual(process.returncode, 1, errors)
        values = {figure["name"]: figure["value"] for figure in told["figures"]}
        # Without Envoy; and an nginx speaks no HTTP/2 to its upstreams.
        without = {"http2_to_http1_cpu_ratio", "http2_to_http2_cpu_ratio", "grpc_cpu_ratio"}
        self.assertEqual({name for name, value in values.items() if value is None}, without)
        self.assertEqual(set(told["series"]["http2_to_http1"][0]), {"graylane", "nginx", "haproxy"})
        self.assertEqual(set(told["series"]["grpc"][0]), {"haproxy"})
        # A handshake with RSA needs more than one that is resumed without a key exchange, on the busiest machine.
        self.assertGreater(told["series"]["tls_rsa_13"][0]["nginx"], told["series"]["tls_resumed_12"][0]["nginx"])
        # A thousand may still fit into pages that were there before.
        self.assertEqual(set(told["idle"]), {"graylane", "nginx", "haproxy"})
        self.assertTrue(all(0 <= each < 20_000 for each in told["idle"].values()), told["idle"])
        self.assertEqual(told["notes"], [note for note in told["notes"] if "could not" not in note])


@unittest.skipIf(shutil.which("valgrind") is None or missing(["nginx"]), "needs nginx and valgrind")
class Instructions(unittest.TestCase):
    def test_the_same_program_costs_the_same_instructions_twice(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            process = bench(folder, "--stand-in", "--only", "instructions", "--json", str(report))
            _, errors = process.communicate()
            self.assertIn(process.returncode, (0, 1), errors)
            costs = json.loads(report.read_text())["costs"]

        instructions = {name: cost["instructions"] for name, cost in costs.items()}
        self.assertGreater(instructions["nginx"], 10_000)
        self.assertAlmostEqual(instructions["graylane"] / instructions["nginx"], 1, delta=0.03)
        # nginx makes pools for a request and its upstream, the same number each time.
        self.assertGreater(costs["nginx"]["allocations"], 1)
        self.assertAlmostEqual(costs["graylane"]["allocations"], costs["nginx"]["allocations"], delta=0.1)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
