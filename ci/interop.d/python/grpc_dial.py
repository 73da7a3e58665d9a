"""Where a client connects and how; the options are those of the Go client too."""

import argparse
from pathlib import Path

import grpc
import grpc.aio

PATIENCE = 20


def target():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--authority", required=True)
    parser.add_argument("--ca", type=Path)
    parser.add_argument("--cert", type=Path)
    parser.add_argument("--key", type=Path)
    return parser.parse_args()


def dial(options, library=grpc.aio):
    """A channel of its own, that pings ten times a second for as long as it lives."""
    settings = [
        ("grpc.default_authority", options.authority),
        ("grpc.max_receive_message_length", 16 << 20),
        ("grpc.keepalive_time_ms", 100),
        ("grpc.keepalive_timeout_ms", 5000),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_retries", 0),
    ]
    if options.ca is None:
        return library.insecure_channel(options.address, options=settings)
    shown = [path.read_bytes() if path else None for path in (options.ca, options.key, options.cert)]
    settings.append(("grpc.ssl_target_name_override", options.authority))
    return library.secure_channel(options.address, grpc.ssl_channel_credentials(*shown), options=settings)
