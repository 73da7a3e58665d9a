"""Random flag sets and contexts, of a seed: the same seed gives the same sets on every machine.

Expressions are grown by type, so that most of them mean something; a few operands of a wrong type are mixed in on
purpose (`loose`), where JsonLogic's conversions are what is compared.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from .expressions import Grower
from .words import COUNTRIES, NAMES, TIERS, VERSIONS


@dataclass(frozen=True)
class Case:
    """A flag set, and what is asked of it."""

    flag_set: dict
    asks: list[tuple[str, dict]]

    def line(self) -> dict:
        """As the drivers read it."""
        return {"set": self.flag_set, "asks": [list(ask) for ask in self.asks]}


def cases(seed: int, count: int, generation: str, contexts: int = 10) -> Iterator[Case]:
    """Cases with `count` pairs of a flag and a context altogether."""
    left = count
    number = 0
    while left > 0:
        # A generator of its own for each set: a reproducer needs the number of the set, not all sets before it.
        dice = random.Random(f"{seed}/{generation}/{number}")
        key = "größe" if dice.random() < 0.05 else dice.choice(("fractional-flag", f"flag-{number}", "checkout", "a"))
        shared = evaluator(dice, generation) if dice.random() < 0.2 else None
        flag_set = {
            "flags": {key: flag(dice, generation, shared is not None)},
            "metadata": {"bucketing": f"flagd-{generation}"},
        }
        if shared is not None:
            flag_set["$evaluators"] = {"shared": shared}
        asks = [(key, context(dice)) for _ in range(min(contexts, left))]
        yield Case(flag_set, asks)
        left -= len(asks)
        number += 1


def evaluator(dice: random.Random, generation: str) -> dict:
    """A condition for `$ref`.

    Without backslashes in its JSON, so without what is not ASCII: the Python evaluator pastes it by `re.sub`, which
    takes them for its own.
    """
    while True:
        made = Grower(dice, generation).boolean(2)
        if isinstance(made, dict) and "\\" not in json.dumps(made):
            return made


def flag(dice: random.Random, generation: str, shared: bool = False) -> dict:
    """A flag with a rule; now and then without one."""
    kind = dice.choice(("boolean", "string", "string", "number", "object"))
    variants = variants_of(dice, kind)
    made: dict = {"state": "DISABLED" if dice.random() < 0.03 else "ENABLED", "variants": variants}
    if dice.random() < 0.9:
        made["defaultVariant"] = dice.choice(list(variants))
    if dice.random() < 0.97:
        made["targeting"] = Grower(dice, generation, shared).rule(list(variants), dice.choice((1, 2, 2, 3, 4)))
    return made


def variants_of(dice: random.Random, kind: str) -> dict:
    """Two to five variants of one type."""
    if kind == "boolean":
        return {"true": True, "false": False} if dice.random() < 0.5 else {"on": True, "off": False}
    names = dice.sample(NAMES, dice.randint(2, 5))
    make = {
        "string": lambda: dice.choice(("", "x", "ünïcode", "a\"b\\c", "long " * 5)),
        "number": lambda: dice.choice((0, 1, -7, 2**40, 0.5, 1e-3)),
        "object": lambda: {"a": dice.randint(0, 9), "b": {"c": [1, "two", None, True]}},
    }[kind]
    return {name: make() for name in names}


def context(dice: random.Random) -> dict:
    """What is known of somebody; fields are left out now and then."""
    user = f"user-{dice.randrange(10**6)}"
    whole: dict = {
        "targetingKey": "jürgen" if dice.random() < 0.05 else dice.choice((user, user, user, "x" * 70)),
        "email": dice.choice((f"u{dice.randrange(99)}@example.com", "Ann@corp.example", "")),
        "country": dice.choice(COUNTRIES),
        "tier": dice.choice(TIERS),
        "age": dice.choice((0, 1, 17, 18, 42, 65, 2**33, -3)),
        "score": dice.choice((0.5, 1.5, 2.25, -0.75, 1e-7, 1e15)),
        "premium": dice.random() < 0.5,
        "version": dice.choice(VERSIONS),
        "tags": dice.sample(TIERS, dice.randint(0, 3)),
        "numbers": [dice.randint(-5, 20) for _ in range(dice.randint(0, 4))],
        "user": {"tier": dice.choice(TIERS), "id": dice.randrange(1000), "deep": {"flag": dice.random() < 0.5}},
        "nothing": None,
    }
    kept = {name: value for name, value in whole.items() if dice.random() < 0.93}
    if dice.random() < 0.01:
        kept["targetingKey"] = ""
    return kept
