import os
import signal
import socket
import subprocess
import unittest

from lib.kernel import counts, established, stands_still
from lib.wait import until

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1
   1: 0100007F:1F90 0100007F:8001 01 00000000:00000000 00:00000000 00000000     0        0 12 1
   2: 0100007F:1F90 0100007F:8002 08 00000000:00000000 00:00000000 00000000     0        0 13 1
   3: 0100007F:1F90 0100007F:8003 01 00000000:00000000 00:00000000 00000000     0        0 99 1
   4: 0100007F:1F91 0100007F:8004 01 00000000:00000000 00:00000000 00000000     0        0 14 1
"""


class Kernel(unittest.TestCase):
    def test_only_open_connections_of_the_process_to_its_ports_count(self) -> None:
        self.assertEqual(counts(TABLE, {"11", "12", "13", "14"}, {8080}), 2)

    def test_a_real_connection_is_seen(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)):
                self.assertEqual(established(os.getpid(), {port}), 0)
                with server.accept()[0]:
                    self.assertEqual(established(os.getpid(), {port}), 1)

    def test_a_process_stands_still_once_it_is_stopped(self) -> None:
        with subprocess.Popen(["sleep", "60"]) as child:
            try:
                self.assertFalse(stands_still(child.pid))
                child.send_signal(signal.SIGSTOP)
                until("it stands still", lambda: stands_still(child.pid))
            finally:
                child.kill()
