"""A keep-alive client that sends an exact number of requests.

wrk stops by the clock and so never sends the same number twice; instructions per request need the number.
"""

import socket
import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from . import traffic
from .failure import BenchError


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


class Connection:
    """One keep-alive connection. Understands Content-Length only: all that the backends here send."""

    def __init__(self, port: int, timeout: float = 30.0, tls: ssl.SSLContext | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self._socket = tls.wrap_socket(self._socket, server_hostname=traffic.HOST)
        self._read = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it; the server sees the end at once."""
        self._socket.close()

    def reset(self) -> None:
        """Close it without a farewell, so that no port waits for the last packets of ten thousand connections."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def send(self, request: bytes) -> None:
        """Send without waiting for the answer."""
        self._socket.sendall(request)

    def receive(self) -> Answer:
        """Wait for one whole answer."""
        while (end := self._read.find(b"\r\n\r\n")) < 0:
            self._fill()
        status, length = head(self._read[:end])
        while len(self._read) < end + 4 + length:
            self._fill()
        body = self._read[end + 4 : end + 4 + length]
        self._read = self._read[end + 4 + length :]
        return Answer(status, body)

    def _fill(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the connection was closed in the middle of an answer")
        self._read += data


def head(text: bytes) -> tuple[int, int]:
    """Status and Content-Length of an answer's head."""
    first, *fields = text.decode("latin-1").split("\r\n")
    for field in fields:
        name, _, value = field.partition(":")
        if name.lower() == "content-length":
            return int(first.split()[1]), int(value)
    raise ConnectionError(f"an answer without Content-Length: {first}")


def send_exactly(port: int, count: int, connections: int) -> None:
    """Send `count` requests over `connections` kept alive, one in flight on each, and demand 200 for every one.

    In step: a batch goes out on all connections, then all answers are read. The proxy finds several sockets ready at
    once, as it does under load, and the number of batches is the same in every run.
    """
    opened: list[Connection] = []
    try:
        opened.extend(Connection(port) for _ in range(connections))
        for start in range(0, count, connections):
            batch = range(start, min(start + connections, count))
            for number, connection in zip(batch, opened):
                connection.send(traffic.request(number))
            for _, connection in zip(batch, opened):
                demand_success(connection.receive())
    except OSError as error:
        raise BenchError(f"a request on port {port} got no answer: {error}") from error
    finally:
        for connection in opened:
            connection.close()


def wait_for_answer(
    port: int, limit: float, alive: Callable[[], None], tls: ssl.SSLContext | None = None
) -> float:
    """Ask until the port answers 200; the moment (monotonic seconds) of the first success.

    `alive` is called between attempts and raises when the process has ended, so that a wrong configuration shows its
    own message and not a time-out.
    """
    end = time.monotonic() + limit
    problem = "nothing listens"
    while time.monotonic() < end:
        try:
            with Connection(port, limit, tls) as connection:
                connection.send(traffic.request(0))
                answer = connection.receive()
            if answer.status == 200:
                return time.monotonic()
            problem = f"it answers {answer.status}"
        except OSError as error:
            problem = str(error)
        alive()
        time.sleep(0.0002)
    raise BenchError(f"port {port} did not answer 200 within {limit:.0f} s: {problem}")


def wait_for_listener(port: int, limit: float, alive: Callable[[], None]) -> None:
    """Wait until the port takes connections: for protocols that this client does not speak."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), limit).close()
            return
        except OSError:
            alive()
        time.sleep(0.0002)
    raise BenchError(f"nothing listened on port {port} within {limit:.0f} s")


def demand_success(answer: Answer) -> None:
    """Fail unless it is a 200: an error is cheaper than an answer."""
    if answer.status != 200:
        raise BenchError(f"expected 200, got {answer.status}: {answer.body[:80]!r}")
