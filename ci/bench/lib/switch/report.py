"""The results as a person reads them (markdown, which is also plain text) and as a script does (JSON)."""

from dataclasses import asdict
from datetime import UTC, datetime

from ..figures import Figure, number
from ..markdown import table
from .results import LOSSES, Results, Run

WORDS = {
    "switch": "switches of the binary",
    "reload": "reloads of the configuration",
    "kill": "kills of the new process in its probation",
}
KINDS = {
    "fresh": "a connection per request",
    "keepalive": "keep-alive, random idle",
    "keepalive_tls": "keep-alive over TLS, long idle",
    "http2": "HTTP/2, multiplexed",
    "websocket": "WebSocket",
    "upload": "slow upload",
}


def section(results: Results, figures: list[Figure], command: str, machine: dict[str, str]) -> str:
    """The whole section for the document."""
    words = ", ".join(f"{name} {value}" for name, value in machine.items())
    origin = [f"`{command}`, {datetime.now(UTC):%Y-%m-%d}.", f"Machine: {words}."]
    origin.append("Versions: " + ", ".join(f"{name} {version}" for name, version in results.versions.items()) + ".")
    parts = ["## Switches and reloads under load: beside nginx and HAProxy", "  \n".join(origin)]
    if figures:
        parts.append(table(["figure", "value", "unit", "target", ""], [_row(figure) for figure in figures]))
    parts.extend(tables(results))
    parts.extend(f"Note: {note}." for note in results.notes)
    return "\n\n".join(parts)


def _row(figure: Figure) -> list[str]:
    verdict = "ok" if figure.ok else "short"
    return [figure.name, number(figure.value), figure.unit, f"at most {number(figure.target)}", verdict]


def tables(results: Results) -> list[str]:
    """What each system lost, and then of what kind of client."""
    found = []
    for part, words in WORDS.items():
        runs = {system: run for (name, system), run in results.runs.items() if name == part}
        if not runs:
            continue
        held = ["held"] if part == "kill" else []
        losses = [word.replace("_", " ") for word in LOSSES]
        header = [words, "events", *held, "exchanges", *losses, "closed while idle", "longest wait ms"]
        found.append(table(header, [_system(part, system, run) for system, run in runs.items()]))
        header = [f"{words}: lost of", *runs]
        found.append(table(header, [_kind(kind, words, runs) for kind, words in KINDS.items()]))
    return found


def _system(part: str, system: str, run: Run) -> list[str]:
    held = [sum(run.held)] if part == "kill" else []
    counts = [run.events, *held, *(run.sum(word) for word in ("exchanges", *LOSSES, "closed_idle")), run.longest]
    return [system, *(f"{count:,}" for count in counts)]


def _kind(kind: str, words: str, runs: dict[str, Run]) -> list[str]:
    def cell(run: Run) -> str:
        tally = run.tallies[kind]
        lost = sum(int(tally[word]) for word in LOSSES)  # type: ignore[arg-type]
        return f"{lost:,} of {tally['exchanges']:,}"

    return [words, *(cell(run) for run in runs.values())]


def as_json(results: Results, figures: list[Figure], command: str, machine: dict[str, str]) -> dict[str, object]:
    """Everything that was counted."""
    return {
        "bench": "switch",
        "command": command,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine,
        "versions": results.versions,
        "figures": [figure.as_json() for figure in figures],
        "runs": [{"part": part, "system": system, **asdict(run)} for (part, system), run in results.runs.items()],
        "notes": results.notes,
    }
