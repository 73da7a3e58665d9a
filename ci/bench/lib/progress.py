"""Progress for the person who waits: on stderr, so that stdout holds only the results."""

import sys


def say(text: str) -> None:
    """Print one line at once; a bench that is silent for minutes looks hung."""
    print(f"bench: {text}", file=sys.stderr, flush=True)
