"""What the systems of `ci/bench/switch` are told."""

import tempfile
import tomllib
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.ports import free_ports
from lib.proxies.model import Certificate
from lib.switch.graylane import Graylane
from lib.switch.haproxy import Haproxy
from lib.switch.model import Site, System
from lib.switch.nginx import Nginx


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


if __name__ == "__main__":
    unittest.main()
