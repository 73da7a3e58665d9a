"""Handshakes, with a server of Python's own."""

import shutil
import socket
import ssl
import tempfile
import threading
import unittest
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lib import tls
from lib.failure import BenchError


@contextmanager
def server(kind: str, tickets: int = 2) -> Iterator[int]:
    """Ends each connection when its client does; the port."""
    with tempfile.TemporaryDirectory() as folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls.make_certificate(Path(folder), kind))
    context.num_tickets = tickets
    if not tickets:
        context.options |= ssl.OP_NO_TICKET
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, context.wrap_socket(connection, server_side=True) as secured, suppress(ssl.SSLError):
                    secured.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@unittest.skipIf(shutil.which("openssl") is None, "needs openssl")
class Handshakes(unittest.TestCase):
    def test_full_handshakes_agree_on_a_cipher_and_resume_nothing(self) -> None:
        for kind, version in (("ecdsa", "1.3"), ("rsa", "1.2")):
            with self.subTest(kind), server(kind) as port:
                shake = tls.handshakes(port, 3, tls.context(version), resume=False)

                self.assertFalse(shake.resumed)
                self.assertEqual(shake.cipher.startswith("TLS_"), version == "1.3")
                self.assertEqual("RSA" in shake.cipher, kind == "rsa")

    def test_each_of_the_counted_ones_is_resumed_in_both_versions(self) -> None:
        for version in tls.VERSIONS:
            with self.subTest(version), server("ecdsa") as port:
                shake = tls.handshakes(port, 3, tls.context(version), resume=True)

                self.assertTrue(shake.resumed)

    def test_a_server_that_gives_no_tickets_is_not_measured_as_resuming(self) -> None:
        with server("ecdsa", tickets=0) as port:
            with self.assertRaisesRegex(BenchError, "did not resume every handshake"):
                tls.handshakes(port, 2, tls.context("1.3"), resume=True)


if __name__ == "__main__":
    unittest.main()
