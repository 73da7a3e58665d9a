"""The clients over TLS, before a server of Python's own that ends their connections at one moment or another."""

import shutil
import socket
import ssl
import tempfile
import threading
import time
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lib.ports import free_ports
from lib.proxies.model import Certificate
from lib.switch.load import Clients, build
from lib.switch.model import Site
from lib.tls import make_certificate
from lib.wait import until

ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"


class Server:
    """Answers the first request of each connection with its number; then `after` has the connection."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext, after: Callable[[ssl.SSLSocket], bool]) -> None:
        self._listener = listener
        self._context = context
        self._after = after
        self._lock = threading.Lock()
        # Handshakes that were made, and connections that were ended in the way that is tried.
        self.shaken = self.ended = 0

    def serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(plain,), daemon=True).start()

    def _one(self, plain: socket.socket) -> None:
        with suppress(OSError), self._context.wrap_socket(plain, server_side=True) as connection:
            with self._lock:
                self.shaken += 1
            asked = connection.recv(4096).decode()
            number = asked.partition("n=")[2].partition("&")[0]
            connection.sendall((ANSWER % (len(number), number)).encode())
            ended = self._after(connection)
            with self._lock:
                self.ended += ended


@contextmanager
def clients(after: Callable[[ssl.SSLSocket], bool], alpn: str = "http/1.1") -> Iterator[tuple[Server, Clients]]:
    """All kinds at work, of which only those over TLS find a server."""
    program = build()
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        certificate = Certificate(*make_certificate(Path(folder), "ecdsa"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        context.set_alpn_protocols([alpn])
        server = Server(listener, context, after)
        thread = threading.Thread(target=server.serve)
        thread.start()
        nobody, _, _, _ = free_ports(4)
        site = Site(Path(folder), certificate, nobody, nobody, listener.getsockname()[1], nobody, nobody)
        try:
            with Clients(program, site) as running:
                yield server, running
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def at_once(connection: ssl.SSLSocket) -> bool:
    """Closed while nothing is asked."""
    return True


def under_a_request(connection: ssl.SSLSocket) -> bool:
    """Closed when the next request is there, without an answer to it."""
    return bool(connection.recv(4096))


@unittest.skipIf(shutil.which("go") is None or shutil.which("openssl") is None, "needs go and openssl")
class OverTls(unittest.TestCase):
    def test_a_connection_that_is_closed_while_idle_is_no_loss(self) -> None:
        with clients(at_once) as (server, running):
            until("connections were closed", lambda: server.ended >= 80)
            tally = running.end()["keepalive_tls"]

        self.assertGreaterEqual(tally["answered"], 80)
        self.assertGreater(tally["closed_idle"], 40)
        # Who is idle for less than the close is on its way has met the end of a connection, and does so hardly ever.
        self.assertLessEqual(tally["exchanges"] - tally["answered"], 1)

    def test_a_request_that_meets_the_end_of_its_connection_is_a_loss_and_nobody_sends_it_again(self) -> None:
        with clients(under_a_request) as (server, running):
            until("connections were closed", lambda: server.ended >= 3)
            tally = running.end()["keepalive_tls"]

        lost = tally["unanswered"] + tally["reset"]
        self.assertGreaterEqual(lost, 3)
        self.assertEqual(lost, server.ended)
        self.assertEqual(tally["exchanges"], tally["answered"] + lost)
        self.assertEqual(tally["closed_idle"], 0)

    def test_who_agrees_on_another_protocol_gives_no_connection(self) -> None:
        with clients(at_once, alpn="http/1.0") as (server, running):
            until("all have tried twice", lambda: server.shaken >= 80)
            tally = running.end()["keepalive_tls"]

        self.assertGreater(tally["refused"], 0)
        self.assertEqual(tally["answered"], 0)

    def test_the_end_of_a_run_waits_for_nobody_who_is_idle(self) -> None:
        with clients(under_a_request) as (server, running):
            until("all are connected", lambda: server.shaken >= 40)
            began = time.monotonic()
            running.end()

        self.assertLess(time.monotonic() - began, 3)


if __name__ == "__main__":
    unittest.main()
