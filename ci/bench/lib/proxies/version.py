"""A program's own word for its version."""

import re
import subprocess
from collections.abc import Sequence


def ask_version(argv: Sequence[str]) -> str:
    """The first dotted number that the program prints, on whichever stream; `unknown` when there is none."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = re.search(r"\d+\.\d+\.\d+", done.stdout + done.stderr)
    return found[0] if found else "unknown"
