"""A network of one's own: in a process of its own, because there is no way back."""

import subprocess
import sys
import unittest
from pathlib import Path

_PROGRAM = """
import socket
from lib.alone import leave_network
from lib.failure import BenchError
try:
    leave_network("")
except BenchError:
    raise SystemExit(77)
with open("/proc/self/net/route") as routes:
    print(len(routes.readlines()) - 1)
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), timeout=5).close()
"""


class Alone(unittest.TestCase):
    def test_there_is_a_loopback_and_no_route_out(self) -> None:
        argv = [sys.executable, "-c", _PROGRAM]
        done = subprocess.run(argv, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
        if done.returncode == 77:
            self.skipTest("this machine allows no network namespaces")

        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "0\n", ""))


if __name__ == "__main__":
    unittest.main()
