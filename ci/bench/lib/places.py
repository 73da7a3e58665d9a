"""Where things lie in the repository. Nothing else knows a path."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

# Under target/, so that `cargo clean` and .gitignore cover it.
WORK = ROOT / "target" / "bench"

CHANNEL_SCRIPT = ROOT / "ci" / "channel"
PROD_BINARY = ROOT / "dist" / "prod" / "graylane"
BENCHMARKS = ROOT / "docs" / "benchmarks.md"


def shown(path: Path) -> str:
    """A path as a document may hold it: relative to the repository, never a place of one machine."""
    resolved = path.resolve()
    return str(resolved.relative_to(ROOT)) if resolved.is_relative_to(ROOT) else path.name
