"""The configuration under which the gateway is measured."""

import tempfile
import tomllib
import unittest
from pathlib import Path

from lib.proxies.graylane import Graylane
from lib.proxies.model import Site


class Configuration(unittest.TestCase):
    def test_the_split_is_that_of_the_peers_and_all_else_is_left_at_its_default(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            site = Site(listen=8001, admin=8002, stable=9001, canary=9002, folder=Path(folder))

            command = Graylane(Path("/nowhere/graylane")).command(site)
            config = tomllib.loads(Path(command[-1]).read_text())

        self.assertEqual(command[:5], ["/nowhere/graylane", "serve", "--env", "dev", "-c"])
        self.assertEqual(
            config,
            {
                "listeners": {"web": {"address": "127.0.0.1:8001"}},
                "admin": {"address": "127.0.0.1:8002"},
                "server": {"workers": 1},
                "services": {"shop": {"key": ["header:X-User-Id"], "baseline": "stable"}},
                "lanes": {
                    "shop": {
                        "stable": {"endpoints": ["http://127.0.0.1:9001"]},
                        "canary": {"weight": 10, "endpoints": ["http://127.0.0.1:9002"]},
                    }
                },
            },
        )
