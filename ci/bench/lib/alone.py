"""A network of the bench's own: for programs that cannot be told to listen on the loopback alone."""

import ctypes
import fcntl
import os
import socket
import struct

from .failure import BenchError

_CLONE_NEWNET = 0x4000_0000
_CLONE_NEWUSER = 0x1000_0000
_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1


def leave_network(hint: str) -> None:
    """Move this process, and what it starts from now on, into a network with nothing but a loopback.

    There is no way back: what has to be installed or fetched comes before.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # Who is not root needs a user namespace to be allowed a network.
    kinds = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    if libc.unshare(kinds) != 0:
        raise BenchError(f"no network of our own: {os.strerror(ctypes.get_errno())}", hint)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))
