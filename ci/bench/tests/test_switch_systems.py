"""What the systems of `ci/bench/switch` are told, and the moment in which a new process of the gateway is killed."""

import sys
import tempfile
import tomllib
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from lib.failure import BenchError
from lib.ports import free_ports
from lib.proxies.model import Certificate
from lib.switch import graylane
from lib.switch.graylane import Graylane
from lib.switch.haproxy import Haproxy
from lib.switch.model import Site, System
from lib.switch.nginx import Nginx
from lib.switch.parts import patient

# In the place of grayctl: a new process that has accepted some connections, watched until it is gone.
GRAYCTL = """\
#!{python}
import subprocess, sys
holder = '''
import socket, sys
with socket.create_server(("127.0.0.1", {port}), backlog=64) as server:
    held = [(socket.create_connection(("127.0.0.1", {port})), server.accept()) for _ in range({count})]
    sys.stdin.read()
'''
new = subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE)
print('{{"event": "accepting", "pid": %d}}' % new.pid, flush=True)
sys.exit(1 if new.wait() else 0)
"""


@contextmanager
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate = Certificate(folder / "ecdsa.pem", folder / "ecdsa.key")
        certificate.chain.write_text("CHAIN\n")
        certificate.key.write_text("KEY\n")
        yield Site(folder, certificate, *free_ports(5))


def conf(system: System, site: Site, name: str) -> str:
    system.command(site)
    return (site.folder / name).read_text()


class OverTls(unittest.TestCase):
    def test_all_systems_show_the_same_certificate_to_clients(self) -> None:
        with site() as place:
            ours = tomllib.loads(conf(Graylane([Path("/nowhere")], Path("/nowhere")), place, "graylane.toml"))
            nginx = conf(Nginx(), place, "nginx.conf")
            haproxy = conf(Haproxy(), place, "haproxy.cfg")
            both = (place.folder / "both.pem").read_text()

        chain, key = str(place.certificate.chain), str(place.certificate.key)
        secure = {"address": f"127.0.0.1:{place.https}", "tls": {"certificates": [{"certificate": chain, "key": key}]}}
        self.assertEqual(ours["listeners"]["secure"], secure)
        self.assertIn(f"listen 127.0.0.1:{place.https} ssl;\n        ssl_certificate {chain};", nginx)
        self.assertIn(f"bind 127.0.0.1:{place.https} ssl crt {place.folder}/both.pem alpn http/1.1\n", haproxy)
        self.assertEqual(both, "CHAIN\nKEY\n")


class Kill(unittest.TestCase):
    def kill(self, count: int) -> int:
        with site() as place:
            text = GRAYCTL.format(python=sys.executable, port=place.https, count=count)
            grayctl = Path(place.write("grayctl", text))
            grayctl.chmod(0o755)
            return Graylane([Path("/nowhere")], grayctl).kill(place, 1)

    def test_a_process_that_holds_enough_is_killed_and_what_it_held_is_told(self) -> None:
        held = self.kill(graylane.HELD + 2)

        self.assertGreaterEqual(held, graylane.HELD)
        self.assertLessEqual(held, graylane.HELD + 2)

    def test_one_that_does_not_come_to_hold_enough_is_not_killed_for_nothing(self) -> None:
        with mock.patch.object(graylane, "PROBATION", 2):
            with self.assertRaisesRegex(BenchError, f"after 1 s still not: the new process holds {graylane.HELD}"):
                self.kill(graylane.HELD - 1)

    def test_the_probation_of_a_kill_is_longer_than_what_is_waited_for_in_it(self) -> None:
        with site() as place:
            config = tomllib.loads(conf(patient(Graylane([Path("/nowhere")], Path("/nowhere"))), place, "graylane.toml"))

        self.assertEqual(config["handover"]["probation"], f"{graylane.PROBATION}s")

    def test_who_has_no_probation_cannot_be_asked_for_it(self) -> None:
        with self.assertRaisesRegex(BenchError, "nginx has no probation"):
            patient(Nginx())


if __name__ == "__main__":
    unittest.main()
