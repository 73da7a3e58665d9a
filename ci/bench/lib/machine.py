"""Words about the machine: a figure without them says nothing."""

import os
import platform
import re
from pathlib import Path


def machine() -> dict[str, str]:
    """Processor, cores, memory, kernel, load. No host name: a document must not name a machine of ours."""
    return {
        "cpu": _first("/proc/cpuinfo", r"model name\s*:\s*(.+)") or platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": _gigabytes(_first("/proc/meminfo", r"MemTotal:\s*(\d+)")),
        "kernel": platform.release().partition("-")[0],
        "system": _first("/etc/os-release", r'PRETTY_NAME="?([^"\n]+)') or platform.system(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def busy() -> bool:
    """Whether somebody else was using the machine before the bench began."""
    return os.getloadavg()[0] > 0.5 * len(os.sched_getaffinity(0))


def _first(path: str, pattern: str) -> str:
    try:
        found = re.search(pattern, Path(path).read_text())
    except OSError:
        return ""
    return found[1].strip() if found else ""


def _gigabytes(kibibytes: str) -> str:
    return f"{int(kibibytes) * 1024 / 1e9:.0f} GB" if kibibytes else "unknown"
