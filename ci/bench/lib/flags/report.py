"""The results as a person reads them (markdown, which is also plain text) and as a script does (JSON)."""

from dataclasses import asdict
from datetime import UTC, datetime

from ..figures import Figure, number
from ..markdown import table
from ..stats import Spread, spread
from .engines import OURS, PEERS, SHAPES, VERSIONS
from .results import Results


def section(results: Results, figures: list[Figure], command: str, machine: dict[str, str]) -> str:
    """The whole section for the document."""
    words = ", ".join(f"{name} {value}" for name, value in machine.items())
    origin = [f"`{command}`, {datetime.now(UTC):%Y-%m-%d}.", f"Machine: {words}."]
    versions = {**VERSIONS, **results.versions}
    origin.append("Versions: " + ", ".join(versions.values()) + ".")
    parts = ["## Flags: beside datalogic-rs, unleash-yggdrasil and flagd", "  \n".join(origin)]
    if figures:
        parts.append(table(["figure", "value", "unit", "target", ""], [_row(figure) for figure in figures]))
    parts.extend(tables(results))
    parts.extend(f"Note: {note}." for note in results.notes)
    return "\n\n".join(parts)


def _row(figure: Figure) -> list[str]:
    bound = "at most" if figure.at_most else "at least"
    verdict = "ok" if figure.ok else "short"
    return [figure.name, number(figure.value), figure.unit, f"{bound} {number(figure.target)}", verdict]


def tables(results: Results) -> list[str]:
    """One table per kind of measurement that took place."""
    found = []
    for shape, words in SHAPES.items():
        rows = [row for engine in (*OURS, *PEERS) if (row := _engine(results, engine, shape))]
        if rows:
            header = [words, "instructions", "allocations", "ns, 64 contexts", "ns, 10,000 contexts", "of 10,000 on"]
            found.append(table(header, rows))
    if results.reload_ms is not None:
        millions = f"{(results.reload_instructions or 0) / 1e6:.1f}"
        row = [f"{results.reload_ms:.1f}", millions]
        found.append(table(["read and compile 10,000 flags: ms", "million instructions"], [row]))
    for load, rounds in results.ofrep.items():
        ratio = results.ofrep_ratio(load)
        names = sorted({name for each in rounds for name in each})
        header = [f"OFREP {load}", "CPU us/request (quartiles)", "requests per CPU second", "of flagd (quartiles)"]
        found.append(table(header, [_server(name, rounds, ratio) for name in names]))
    return found


def _server(name: str, rounds: list[dict[str, float]], ratio: Spread | None) -> list[str]:
    cost = spread([each[name] / 1000 for each in rounds if name in each])
    times = f"{ratio.text(2)} times" if ratio and name == "graylane" else ""
    return [name, cost.text(1), f"{1e6 / cost.median:.0f}", times]


def _engine(results: Results, engine: str, shape: str) -> list[str] | None:
    net = results.net(engine, shape)
    if net is None:
        return None
    timing = results.least(engine, shape)
    name = VERSIONS.get(engine, f"graylane, {engine}")
    times = [f"{timing.hot:.1f}", f"{timing.cycled:.1f}"] if timing else ["", ""]
    return [name, f"{net:.0f}", f"{results.allocations[engine, shape]:g}", *times, f"{results.shares[engine, shape]}"]


def as_json(results: Results, figures: list[Figure], command: str, machine: dict[str, str]) -> dict[str, object]:
    """Everything, also every single round."""
    return {
        "bench": "flags",
        "command": command,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine,
        "versions": {**VERSIONS, **results.versions},
        "figures": [figure.as_json() for figure in figures],
        "engines": [
            {
                "engine": engine,
                "shape": shape,
                "instructions": results.net(engine, shape),
                "allocations": results.allocations[engine, shape],
                "on": results.shares[engine, shape],
                "ns": [asdict(timing) for timing in results.timings.get((engine, shape), [])],
            }
            for engine, shape in results.allocations
        ],
        "reload": {"ms": results.reload_ms, "instructions": results.reload_instructions},
        "ofrep": results.ofrep,
        "notes": results.notes,
    }
