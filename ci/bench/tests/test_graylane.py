"""The configuration under which the gateway is measured."""

import tempfile
import tomllib
import unittest
from pathlib import Path

from lib.proxies.graylane import Graylane
from lib.proxies.model import Certificate, Site, Wants


def config(folder: str, wants: Wants) -> dict:
    site = Site(listen=8001, admin=8002, stable=(9001, 9002), canary=(9003, 9004), folder=Path(folder))
    command = Graylane(Path("/nowhere/graylane")).command(site, wants)
    return tomllib.loads(Path(command[-1]).read_text())


class Configuration(unittest.TestCase):
    def test_the_split_is_that_of_the_peers_and_what_heals_and_copies_is_configured_and_all_else_is_left_at_its_default(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            site = Site(listen=8001, admin=8002, stable=(9001, 9002), canary=(9003, 9004), folder=Path(folder))

            command = Graylane(Path("/nowhere/graylane")).command(site)
            config = tomllib.loads(Path(command[-1]).read_text())

        stable, canary = ([f"http://127.0.0.1:{port}" for port in ports] for ports in (site.stable, site.canary))
        lane = {"slow_start": "10s", "health": {"kind": "tcp"}}
        service = {
            "key": ["header:X-User-Id"],
            "baseline": "stable",
            "timeouts": {"connect": "1s", "try": "30s", "exchange": "40s"},
            "retries": {"times": 2, "on": ["broken", "timeout", "502", "503", "504"]},
        }
        mirror = {"to": "canary", "share": 1, "in_flight": 10_000}
        self.assertEqual(command[:5], ["/nowhere/graylane", "serve", "--env", "dev", "-c"])
        self.assertEqual(
            config,
            {
                "listeners": {"web": {"address": "127.0.0.1:8001"}},
                "admin": {"address": "127.0.0.1:8002"},
                "server": {"workers": 1, "trusted_peers": ["127.0.0.1", "10.0.0.0/8"]},
                "handover": {"folder": "run"},
                "gray": {"read": ["x-gray-version", "baggage", "x-mse-tag"]},
                "services": {"shop": service},
                "lanes": {
                    "shop": {
                        "stable": {"endpoints": stable, **lane, "mirror": mirror},
                        "canary": {"weight": 10, "endpoints": canary, **lane},
                    }
                },
            },
        )

    def test_http2_and_tls_are_asked_of_the_listener_and_http2_of_each_lane(self) -> None:
        certificate = Certificate(chain=Path("/run/one.pem"), key=Path("/run/one.key"))
        with tempfile.TemporaryDirectory() as folder:
            found = config(folder, Wants(http2_clients=True, http2_upstreams=True, certificate=certificate))

        listener = found["listeners"]["web"]
        self.assertEqual((listener["http2"], listener["address"]), (True, "127.0.0.1:8001"))
        self.assertEqual(listener["tls"], {"certificates": [{"certificate": "/run/one.pem", "key": "/run/one.key"}]})
        self.assertEqual({lane["protocol"] for lane in found["lanes"]["shop"].values()}, {"http2"})
        self.assertEqual(found["services"]["shop"]["key"], ["query:uid"])

    def test_limits_are_raised_only_where_a_measurement_is_beyond_them(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            found = [config(folder, wants).get("limits") for wants in (Wants(workers=2), Wants(connections=9000))]
            large = config(folder, Wants(large_bodies=True))["limits"]

        self.assertEqual(found, [None, {"connections": 9000}])
        self.assertEqual(large, {"body": "1024GiB"})
