"""The results as a person reads them (markdown, which is also plain text) and as a script does (JSON)."""

from dataclasses import asdict
from datetime import UTC, datetime

from ..figures import Figure, number
from ..markdown import table
from .plans import BY_KEY, ONE, TWO, Plan
from .results import Results
from .rounds import Rounds
from .split import USERS


def today() -> str:
    """The date, in UTC, so that it is the same wherever the bench runs."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def section(results: Results, command: str, machine: dict[str, str], figures: bool = True) -> str:
    """The whole section for the document."""
    parts = ["## Proxy: beside nginx, HAProxy and Envoy", _origin(results, command, machine)]
    if figures:
        parts.append(table(["figure", "value", "unit", "target", ""], [_figure(each) for each in results.figures()]))
    parts.extend(tables(results))
    parts.extend(f"Note: {note}." for note in results.notes)
    return "\n\n".join(parts)


def tables(results: Results) -> list[str]:
    """One table per kind of measurement that took place."""
    found = []
    if results.rounds:
        found.append(_rounds_table(results.rounds, list(results.versions)))
    found.extend(_series_tables(results))
    if results.idle:
        rows = [[name, f"{value:.0f}"] for name, value in results.idle.items()]
        found.append(table(["system", "bytes per idle connection"], rows))
    if results.costs:
        rows = [[name, f"{cost.instructions:.0f}", f"{cost.allocations:.2f}"] for name, cost in results.costs.items()]
        found.append(table(["system", "user instructions/request", "allocations/request"], rows))
    if results.copy:
        cost = results.copy
        rows = [[f"{cost.instructions:.0f}", f"{cost.allocations:.2f}"]]
        found.append(table(["user instructions/copy of a request", "allocations/copy"], rows))
    if results.ready:
        rows = [[name, value.text(1)] for name, value in results.ready.items()]
        found.append(table(["system", "ready after ms (quartiles)"], rows))
    if results.splits:
        rows = [[name, f"{split.share:.1f} %", f"{split.moved} of {USERS}"] for name, split in results.splits.items()]
        found.append(table(["system", "users in canary", "moved when asked again"], rows))
    return found


def as_json(results: Results, command: str, machine: dict[str, str]) -> dict[str, object]:
    """Everything, also every single window, for those who want to compute it otherwise."""
    windows = results.rounds.windows if results.rounds else []
    return {
        "bench": "proxy",
        "command": command,
        "date": today(),
        "machine": machine,
        "versions": results.versions,
        "figures": [figure.as_json() for figure in results.figures()],
        "rounds": [{name: asdict(window) for name, window in each.items()} for each in windows],
        "series": {key: series.rounds for key, series in results.series.items()},
        "idle": results.idle,
        "costs": {name: asdict(cost) for name, cost in results.costs.items()},
        "uncopied": asdict(results.uncopied) if results.uncopied else None,
        "copy": asdict(results.copy) if results.copy else None,
        "ready_ms": {name: value.as_json() for name, value in results.ready.items()},
        "splits": {name: asdict(split) for name, split in results.splits.items()},
        "notes": results.notes,
    }


def _figure(figure: Figure) -> list[str]:
    bound = "at most" if figure.at_most else "at least"
    verdict = "ok" if figure.ok else "short"
    return [figure.name, number(figure.value), figure.unit, f"{bound} {number(figure.target)}", verdict]


def _series_tables(results: Results) -> list[str]:
    """One per unit and peer: a row for each plan, a column for each system."""
    groups: dict[tuple[str, str], list[Plan]] = {}
    for plan in BY_KEY.values():
        if plan.key in results.series:
            groups.setdefault((plan.unit, plan.peer), []).append(plan)
    return [_series_table(results, unit, peer, plans) for (unit, peer), plans in groups.items()]


def _series_table(results: Results, unit: str, peer: str, plans: list[Plan]) -> str:
    named = set().union(*(results.series[plan.key].names() for plan in plans))
    names = [name for name in (*results.versions, ONE, TWO) if name in named]
    rows = []
    for plan in plans:
        spreads = [results.series[plan.key].spread(name) for name in names]
        ratio = results.ratio(plan)
        cells = [each.text(0 if each.median >= 1000 else 1) if each else "" for each in spreads]
        rows.append([plan.title, *cells, ratio.text() if ratio else "none"])
    return table([unit, *names, f"ratio to {peer}"], rows)


def _origin(results: Results, command: str, machine: dict[str, str]) -> str:
    words = ", ".join(f"{name} {value}" for name, value in machine.items())
    lines = [f"`{command}`, {today()}.", f"Machine: {words}."]
    if results.versions:
        lines.append("Versions: " + ", ".join(f"{name} {version}" for name, version in results.versions.items()) + ".")
    return "  \n".join(lines)


def _rounds_table(rounds: Rounds, names: list[str]) -> str:
    rows = [_row(rounds, name) for name in names if rounds.of(name)]
    header = [
        "system",
        "CPU us/request (quartiles)",
        "ratio to the mean of nginx and HAProxy (quartiles)",
        "RSS MB at 64 connections",
        "peak MB",
        "p50 us",
        "p99 us",
    ]
    return table(header, rows)


def _row(rounds: Rounds, name: str) -> list[str]:
    ratio = rounds.ratio(name)
    p50, p99 = rounds.latency_us(name)
    return [
        name,
        rounds.cpu(name).text(1),
        ratio.text() if ratio else "none",
        f"{rounds.resident_mb(name):.1f}",
        f"{rounds.peak_mb(name):.1f}",
        f"{p50:.0f}",
        f"{p99:.0f}",
    ]
