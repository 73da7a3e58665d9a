"""What happens when a program is missing."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from lib import install
from lib.failure import BenchError
from lib.proxies import cast, options
from lib.proxies.results import Results
from lib.proxies.rounds import Rounds, Window
from lib.wrk import Load


def without(*programs: str):
    """A machine that lacks these programs, and a user who may not install them."""
    which = lambda name: None if name in programs else f"/usr/bin/{name}"
    return mock.patch.multiple(install.shutil, which=which), mock.patch.object(install.os, "geteuid", lambda: 1000)


class MissingPrograms(unittest.TestCase):
    def test_a_user_who_may_not_install_is_told_the_command(self) -> None:
        lacking, nobody = without("haproxy", "wrk")
        said = io.StringIO()

        with lacking, nobody, contextlib.redirect_stderr(said):
            still = install.install(["nginx", "haproxy", "wrk"])

        self.assertEqual(still, ["haproxy", "wrk"])
        self.assertIn("sudo apt-get install --no-install-recommends haproxy wrk", said.getvalue())

    def test_a_missing_peer_is_noted_and_the_others_go_on(self) -> None:
        lacking, nobody = without("haproxy")
        notes: list[str] = []

        with lacking, nobody, contextlib.redirect_stderr(io.StringIO()):
            found = cast.gather(options.parse(["--stand-in", "--no-envoy"]), notes)

        self.assertEqual([proxy.name for proxy in found.proxies], ["graylane", "nginx"])
        self.assertEqual(notes, ["haproxy was missing"])

    def test_an_envoy_that_cannot_be_had_is_noted(self) -> None:
        notes: list[str] = []
        everything, nobody = without()
        offline = mock.patch.object(cast, "install_envoy", side_effect=BenchError("no network"))

        with everything, nobody, offline, contextlib.redirect_stderr(io.StringIO()):
            found = cast.gather(options.parse(["--stand-in"]), notes)

        self.assertEqual([proxy.name for proxy in found.proxies], ["graylane", "nginx", "haproxy"])
        self.assertEqual(notes, ["Envoy could not be had"])

    def test_without_nginx_there_is_nothing_to_measure(self) -> None:
        lacking, nobody = without("nginx")

        with lacking, nobody, contextlib.redirect_stderr(io.StringIO()), self.assertRaisesRegex(BenchError, "backend"):
            cast.gather(options.parse(["--stand-in", "--no-envoy"]), [])

    def test_with_one_peer_alone_the_ratio_is_shown_but_the_figure_is_short(self) -> None:
        window = Window(cpu_us=10.0, load=Load(1, 1.0, 1, 1, 0), memory=mock.Mock(resident_mb=1.0, peak_mb=1.0))
        results = Results(parts=("cpu",), rounds=Rounds([{"graylane": window, "nginx": window}]))

        cpu, p99 = results.figures()

        self.assertEqual(results.rounds.ratio("graylane").median, 1.0)
        self.assertEqual(p99.value, None)
        self.assertEqual(cpu.line(), "figure proxy_cpu_ratio none ratio target 0.8 short")


class Services(unittest.TestCase):
    def test_services_are_kept_from_starting_only_while_installing(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            policy = Path(folder) / "policy-rc.d"
            with mock.patch.object(install, "_POLICY", policy):
                with install._services_not_started():
                    during = policy.read_text()

            self.assertIn("exit 101", during)
            self.assertFalse(policy.exists())

    def test_a_policy_of_the_machine_stays_as_it_is(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            policy = Path(folder) / "policy-rc.d"
            policy.write_text("the administrator's\n")
            with mock.patch.object(install, "_POLICY", policy):
                with install._services_not_started():
                    pass

            self.assertEqual(policy.read_text(), "the administrator's\n")
