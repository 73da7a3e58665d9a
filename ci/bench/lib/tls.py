"""TLS from the client's side, by Python's own ssl (OpenSSL): exact numbers of handshakes, and certificates to make them with."""

import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import traffic
from .failure import BenchError

# What `openssl req -newkey` makes of it.
KEYS = {"ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def make_certificate(folder: Path, kind: str) -> tuple[Path, Path]:
    """A certificate signed by itself and its key; made new each time, because a key in a repository is no key."""
    chain, key = folder / f"{kind}.pem", folder / f"{kind}.key"
    argv = ["openssl", "req", "-x509", "-nodes", "-days", "30", "-subj", f"/CN={traffic.HOST}"]
    argv += ["-addext", f"subjectAltName=DNS:{traffic.HOST}", "-keyout", str(key), "-out", str(chain)]
    try:
        done = subprocess.run([*argv, "-newkey", *KEYS[kind]], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(str(error)) from error
    if done.returncode:
        raise BenchError(f"openssl made no certificate: {done.stderr.strip()[-300:]}")
    return chain, key


def context(version: str) -> ssl.SSLContext:
    """A client of exactly one version that offers HTTP/1.1 and believes everybody: its own work is not measured."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.minimum_version = made.maximum_version = VERSIONS[version]
    made.set_alpn_protocols(["http/1.1"])
    return made


@dataclass(frozen=True)
class Shake:
    """What a handshake agreed on: peers that agreed on something else did other work."""

    cipher: str
    protocol: str | None
    resumed: bool


def handshakes(port: int, count: int, client: ssl.SSLContext, resume: bool) -> Shake:
    """`count` connections, one after the other, each with one handshake and nothing else; all must agree on the same.

    The client then ends its side and waits until the server has ended its own, so that all of a server's work is done when
    this returns: also the tickets, which come after a handshake of TLS 1.3. To resume, each connection uses the newest
    ticket; the first connection, which gets one, is not counted.
    """
    session = _one(port, client, None)[1] if resume else None
    agreed: set[Shake] = set()
    for _ in range(count):
        shake, newest = _one(port, client, session)
        if resume:
            session = newest or session
        agreed.add(shake)
    if len(agreed) != 1 or (shake := agreed.pop()).resumed != resume:
        raise BenchError(f"the server on port {port} did not {'resume every' if resume else 'make the same'} handshake")
    return shake


def _one(port: int, client: ssl.SSLContext, session: ssl.SSLSession | None) -> tuple[Shake, ssl.SSLSession | None]:
    with socket.create_connection(("127.0.0.1", port), 30) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client.wrap_socket(plain, server_hostname=traffic.HOST, session=session) as connection:
            cipher = connection.cipher()
            shake = Shake(cipher[0] if cipher else "none", connection.selected_alpn_protocol(), connection.session_reused)
            # Of the socket below: a farewell of TLS would keep OpenSSL from reading the tickets.
            socket.socket.shutdown(connection, socket.SHUT_WR)
            try:
                while connection.recv(4096):
                    pass
            except ssl.SSLError:
                # Some answer an end without a farewell with an alert: they have ended their side, too.
                pass
            return shake, connection.session
