"""Large bodies: the client against the upstream that it is used with."""

import socket
import threading
import unittest
from collections.abc import Iterator
from contextlib import contextmanager

from lib import bulk


@contextmanager
def upstream() -> Iterator[int]:
    """One connection's worth of the upstream; the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: bulk.serve(listener.accept()[0]))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()


@contextmanager
def liar(answer: bytes) -> Iterator[int]:
    """Says this to whoever comes, and goes."""

    def lie() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lie)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()


class Bodies(unittest.TestCase):
    def test_a_body_that_is_no_whole_number_of_pieces_comes_to_its_end_both_ways(self) -> None:
        for transfer in (bulk.download, bulk.upload):
            with upstream() as port:
                seconds = transfer(port, 2 * bulk.PIECE + 17)

                self.assertGreater(seconds, 0)

    def test_a_body_that_breaks_off_is_an_error(self) -> None:
        with liar(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort") as port:
            with self.assertRaisesRegex(ConnectionError, "95 bytes before the end"):
                bulk.download(port, 100)

    def test_an_error_of_the_right_length_is_not_taken_for_the_body(self) -> None:
        with liar(b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nsorry") as port:
            with self.assertRaisesRegex(ConnectionError, "413"):
                bulk.download(port, 5)
