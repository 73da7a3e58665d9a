"""What is measured by rounds beside HTTP/1.1, against whom, and what is to be reached.

Each is a cost or a rate of every system that can do it, measured one after the other in each round; the figure is the
median of the ratios within a round, as it is for HTTP/1.1.
"""

from dataclasses import dataclass

MEASURED = "graylane"

CPU = "CPU us/request"
HANDSHAKE = "CPU us/handshake"
BYTES = "CPU ms/GB"
RATE = "MB/s"


@dataclass(frozen=True)
class Plan:
    """One line of the tables, and the figure that it gives, if any."""

    key: str
    part: str
    title: str
    unit: str
    peer: str
    figure: str | None = None
    target: float = 0.0
    at_most: bool = True


@dataclass(frozen=True)
class Handshake:
    """One kind of handshake."""

    key: str
    title: str
    certificate: str
    version: str
    resumed: bool = False


HANDSHAKES = (
    Handshake("ecdsa_13", "ECDSA P-256, TLS 1.3", "ecdsa", "1.3"),
    Handshake("rsa_13", "RSA 2048, TLS 1.3", "rsa", "1.3"),
    Handshake("ecdsa_12", "ECDSA P-256, TLS 1.2", "ecdsa", "1.2"),
    Handshake("rsa_12", "RSA 2048, TLS 1.2", "rsa", "1.2"),
    Handshake("resumed_13", "resumed, TLS 1.3", "ecdsa", "1.3", resumed=True),
    Handshake("resumed_12", "resumed, TLS 1.2", "ecdsa", "1.2", resumed=True),
)


def _tls() -> list[Plan]:
    plans = [
        Plan(f"tls_{each.key}", "tls", f"handshake, {each.title}", HANDSHAKE, "haproxy", f"tls_{each.key}_ratio", 1.0)
        for each in HANDSHAKES
    ]
    plans.append(Plan("tls_download", "tls", "download, TLS 1.3", BYTES, "haproxy", "tls_download_ratio", 1.0))
    plans.append(Plan("tls_upload", "tls", "upload, TLS 1.3", BYTES, "haproxy", "tls_upload_ratio", 1.0))
    return plans


PLANS = (
    Plan("http2_to_http1", "http2", "HTTP/2 to HTTP/1.1", CPU, "envoy", "http2_to_http1_cpu_ratio", 0.5),
    Plan("http2_to_http2", "http2", "HTTP/2 to HTTP/2", CPU, "envoy", "http2_to_http2_cpu_ratio", 0.5),
    Plan("grpc", "grpc", "gRPC, unary", CPU, "envoy", "grpc_cpu_ratio", 0.5),
    *_tls(),
    Plan("download", "stream", "download", RATE, "nginx", "stream_download_ratio", 1.0, at_most=False),
    Plan("upload", "stream", "upload", RATE, "nginx", "stream_upload_ratio", 1.0, at_most=False),
    Plan("download_cpu", "stream", "download", BYTES, "nginx"),
    Plan("upload_cpu", "stream", "upload", BYTES, "nginx"),
)

# The gateway with two workers beside itself with one; nginx beside itself shows what the machine's share of that is.
ONE, TWO = "1 worker", "2 workers"
WORKERS = (
    Plan("workers_graylane", "workers", "graylane", CPU, ONE, "workers_cpu_ratio", 1.1),
    Plan("workers_nginx", "workers", "nginx", CPU, ONE),
)

BY_KEY = {plan.key: plan for plan in (*PLANS, *WORKERS)}
