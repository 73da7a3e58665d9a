"""Random `fractional` rules."""

import random
from collections.abc import Callable, Sequence
from typing import Protocol


class _Grows(Protocol):
    dice: random.Random
    generation: str

    def pick(self, *makers: Callable[[], object]) -> object: ...
    def choice(self, variants: Sequence[str], depth: int) -> object: ...
    def boolean(self, depth: int) -> object: ...


class Splits:
    """The part of the grower that knows `fractional`."""

    def fractional(self: _Grows, variants: Sequence[str], depth: int) -> dict:
        """Shorthand, or by a key; one to six parts."""
        parts = [Splits._part(self, variants, depth) for _ in range(self.dice.randint(1, 6))]
        if self.dice.random() < 0.35:
            return {"fractional": parts}
        return {"fractional": [Splits._key(self), *parts]}

    def _key(self: _Grows) -> object:
        texts = (
            {"var": "targetingKey"},
            {"var": "email"},
            {"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]},
            {"cat": ["salt-", {"var": "user.id"}]},
            {"if": [{"var": "premium"}, {"var": "email"}, {"var": "targetingKey"}]},
            {"substr": [{"var": "targetingKey"}, 0, 6]},
        )
        if self.generation == "v2":
            return self.dice.choice(texts)
        others = (
            {"var": "age"},
            {"var": "score"},
            {"var": "premium"},
            {"var": "user"},
            {"var": "user.deep"},
            {"var": "nothing"},
            {"+": [{"var": "age"}, 1]},
            {"*": [{"var": "age"}, -1]},
            {"/": [{"var": "age"}, 2]},
            {"*": [{"var": "score"}, 3]},
        )
        return self.dice.choice((*texts, *others))

    def _part(self: _Grows, variants: Sequence[str], depth: int) -> list:
        chance = self.dice.random()
        name = self.dice.choice(list(variants)) if chance < 0.85 else self.choice(variants, min(depth - 1, 1))
        if self.dice.random() < 0.15:
            return [name]
        return [name, Splits._weight(self)]

    def _weight(self: _Grows) -> object:
        return self.pick(
            lambda: self.dice.randint(0, 100),
            lambda: self.dice.randint(0, 100),
            lambda: self.dice.randint(0, 100),
            lambda: self.dice.choice((0, 1, 99_999, 100_000_000)) if self.dice.random() < 0.3 else 7,
            lambda: {"if": [self.boolean(1), self.dice.randint(0, 50), self.dice.randint(0, 50)]},
            lambda: {"-": [self.dice.randint(0, 50), self.dice.randint(0, 50)]},
            lambda: {"*": [self.dice.randint(0, 9), 5]},
            # Too much for a sum; as constants ours refuses them when they are read.
            lambda: {"*": [2, 1_000_000_000]} if self.dice.random() < 0.1 else 1,
            # A clock in a rule, held fast by its bounds: both sides are asked at different seconds.
            lambda: {"min": [40, {"-": [{"var": "$flagd.timestamp"}, 1_700_000_000]}]},
            lambda: {"max": [3, {"-": [1_700_000_000, {"var": "$flagd.timestamp"}]}]},
        )
