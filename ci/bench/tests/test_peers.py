"""The configurations of the peers: the same servers as the gateway has, and a choice among them like its own."""

import tempfile
import unittest
from pathlib import Path

from lib.proxies.envoy import envoy_config
from lib.proxies.haproxy import Haproxy
from lib.proxies.model import PLAIN, Proxy, Site, Wants
from lib.proxies.nginx import Nginx


def config(proxy: Proxy, name: str, wants: Wants = PLAIN) -> str:
    with tempfile.TemporaryDirectory() as folder:
        proxy.command(site(folder), wants)
        return (Path(folder) / name).read_text()


def site(folder: str) -> Site:
    return Site(listen=8001, admin=8002, stable=(9001, 9002), canary=(9003, 9004), folder=Path(folder))


class Peers(unittest.TestCase):
    def test_nginx_draws_two_servers_of_a_lane_and_asks_the_less_busy_one(self) -> None:
        found = config(Nginx(), "nginx.conf")

        choice = "random two least_conn;"
        self.assertIn(f"upstream stable {{ {choice} server 127.0.0.1:9001; server 127.0.0.1:9002; keepalive 128;", found)
        self.assertIn(f"upstream canary {{ {choice} server 127.0.0.1:9003; server 127.0.0.1:9004; keepalive 128;", found)

    def test_haproxy_does_so_too_and_speaks_http2_to_each_where_that_is_wanted(self) -> None:
        found = config(Haproxy(), "haproxy.cfg", Wants(http2_upstreams=True))

        self.assertEqual(found.count("balance random(2)"), 2)
        for port in (9001, 9002, 9003, 9004):
            self.assertIn(f"server s{port} 127.0.0.1:{port} proto h2\n", found)

    def test_envoy_does_so_too(self) -> None:
        found = envoy_config(site("/nowhere"))["static_resources"]["clusters"]

        self.assertEqual([each["lb_policy"] for each in found], ["LEAST_REQUEST"] * 2)
        self.assertEqual([_ports(each) for each in found], [[9001, 9002], [9003, 9004]])


def _ports(cluster: dict) -> list[int]:
    (group,) = cluster["load_assignment"]["endpoints"]
    return [each["endpoint"]["address"]["socket_address"]["port_value"] for each in group["lb_endpoints"]]


if __name__ == "__main__":
    unittest.main()
