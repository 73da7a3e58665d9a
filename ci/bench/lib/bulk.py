"""Large bodies over one connection, in both directions: the client, and as a program (`bulk.py PORT`) the upstream.

The client and the upstream only move memory, in pieces of 1 MB: the slowest of the three is then the proxy.
"""

import socket
import ssl
import sys
import threading
import time

HOST = "127.0.0.1"
PIECE = 1 << 20
_ZEROS = memoryview(bytearray(PIECE))


def download(port: int, count: int, tls: ssl.SSLContext | None = None) -> float:
    """Ask for a body of `count` bytes; the seconds that it took."""
    return _exchange(port, f"GET /{count} HTTP/1.1", 0, count, tls)


def upload(port: int, count: int, tls: ssl.SSLContext | None = None) -> float:
    """Send a body of `count` bytes; the seconds until the upstream had it all and its answer came back."""
    return _exchange(port, f"POST /0 HTTP/1.1\r\nContent-Length: {count}", count, 0, tls)


def _exchange(port: int, head: str, out: int, back: int, tls: ssl.SSLContext | None) -> float:
    with socket.create_connection((HOST, port), 60) as plain:
        connection = tls.wrap_socket(plain, server_hostname="shop.example") if tls else plain
        before = time.monotonic()
        connection.sendall(f"{head}\r\nHost: shop.example\r\nX-User-Id: user-000001\r\n\r\n".encode())
        _send(connection, out)
        fields, rest = _head(connection)
        if not fields[0].split()[1:2] == ["200"] or _length(fields) != back:
            raise ConnectionError(f"a body of {back} bytes was expected: {' | '.join(fields)}")
        _receive(connection, back - len(rest))
        return time.monotonic() - before


def _head(connection: socket.socket) -> tuple[list[str], bytes]:
    """The lines of a head, and what came after it."""
    read = b""
    while b"\r\n\r\n" not in read:
        data = connection.recv(4096)
        if not data:
            raise ConnectionError("the connection ended before the end of a head")
        read += data
    text, _, rest = read.partition(b"\r\n\r\n")
    return text.decode("latin-1").split("\r\n"), rest


def _length(fields: list[str]) -> int:
    values = [field.partition(":")[2] for field in fields if field.lower().startswith("content-length:")]
    return int(values[0]) if values else 0


def _send(connection: socket.socket, count: int) -> None:
    while count:
        piece = min(count, PIECE)
        connection.sendall(_ZEROS[:piece])
        count -= piece


def _receive(connection: socket.socket, count: int) -> None:
    buffer = memoryview(bytearray(PIECE))
    while count > 0:
        read = connection.recv_into(buffer[: min(count, PIECE)])
        if not read:
            raise ConnectionError(f"the connection ended {count} bytes before the end of a body")
        count -= read


def serve(connection: socket.socket) -> None:
    """Requests of one connection, one after the other, until it is closed."""
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while True:
                fields, rest = _head(connection)
                _receive(connection, _length(fields) - len(rest))
                count = int(fields[0].split()[1].lstrip("/") or 0)
                connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n\r\n".encode())
                _send(connection, count)
        except OSError:
            # Whoever asked has gone: the end of every bench.
            return


def main(port: int) -> None:
    """Listen for good."""
    with socket.create_server((HOST, port)) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]))
