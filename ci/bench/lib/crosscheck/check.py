"""One generation: ask both, compare, and ask the official evaluator again where a known deviation may be the cause."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..progress import say
from .compare import Answer, Difference, differences
from .evaluators import HOME, PEERS, answers
from .generate import cases
from .known import deviations

SEVERAL = "several"


@dataclass
class Outcome:
    """All pairs of one generation."""

    pairs: int
    reasons: Counter[str]
    known: Counter[str] = field(default_factory=Counter)
    different: list[Difference] = field(default_factory=list)

    @property
    def equal(self) -> int:
        """How many have the same answer."""
        return self.pairs - sum(self.known.values()) - len(self.different)


def check(generation: str, seed: int, count: int, ours: Sequence[str]) -> Outcome:
    """Ask `count` pairs of both."""
    peer = PEERS[generation]
    theirs = peer.install()
    whole = list(cases(seed, count, generation))
    said = _ask(peer.name, theirs, generation, (case.line() for case in whole))
    mine = _ask("ours", ours, generation, (case.line() for case in whole))
    outcome = Outcome(count, Counter(error or reason for line in said for _, _, reason, error in line))
    outcome.different = differences(whole, said, mine)
    for names in _mends(generation):
        if not outcome.different:
            break
        mended = _ask("", [*theirs, *names], generation, (each.question.line() for each in outcome.different))
        name = names[0] if len(names) == 1 else SEVERAL
        still = []
        for each, (answer,) in zip(outcome.different, mended, strict=True):
            if Answer(*answer).same(each.ours):
                outcome.known[name] += 1
            else:
                still.append(each)
        outcome.different = still
    return outcome


def _mends(generation: str) -> list[list[str]]:
    names = [each.name for each in deviations(generation)]
    return [*([name] for name in names), names]


def _ask(who: str, argv: Sequence[str], generation: str, lines: Iterable[dict]) -> list[list]:
    path = HOME / f"cases-{generation}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    start = time.monotonic()
    said = answers(argv, path)
    if who:
        say(f"{generation}: {who} answered in {time.monotonic() - start:.1f} s")
    return said
