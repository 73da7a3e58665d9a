"""Random expressions of targeting, grown by the type of what they give."""

import random
from collections.abc import Callable, Sequence

from . import words
from .splits import Splits

# How often an operand has a type that the operator does not want.
LOOSE = 0.03


class Grower(Splits):
    """Grows expressions with one source of randomness; the depth bounds them."""

    def __init__(self, dice: random.Random, generation: str, shared: bool = False) -> None:
        self.dice = dice
        self.generation = generation
        # Whether there is an evaluator of that name to refer to.
        self.shared = shared

    def rule(self, variants: Sequence[str], depth: int) -> dict:
        """A whole rule: an object, as the schema wants it."""
        made = self.choice(variants, depth)
        return made if isinstance(made, dict) else {"if": [self.boolean(depth), made]}

    def choice(self, variants: Sequence[str], depth: int) -> object:
        """Something that names a variant, or decides nothing."""
        if depth <= 0:
            return self.dice.choice([*variants, *variants, None])
        return self.pick(
            lambda: self.branches(variants, depth),
            lambda: self.branches(variants, depth),
            lambda: self.fractional(variants, depth),
            lambda: self.fractional(variants, depth),
            lambda: {"var": [self.dice.choice(("tier", "absent")), self.dice.choice(list(variants))]},
            lambda: self.boolean(depth) if "true" in variants else self.branches(variants, depth),
            lambda: {"or": [self.choice(variants, depth - 1), self.dice.choice(list(variants))]},
        )

    def branches(self, variants: Sequence[str], depth: int) -> dict:
        """`if` with one to three conditions, with and without a last word."""
        parts: list = []
        for _ in range(self.dice.randint(1, 3)):
            parts += [self.boolean(depth - 1), self.choice(variants, depth - 1)]
        if self.dice.random() < 0.7:
            parts.append(self.choice(variants, depth - 1))
        return {"if": parts}

    def boolean(self, depth: int) -> object:
        """A condition."""
        if self.shared and self.dice.random() < 0.15:
            return {"$ref": "shared"}
        if depth <= 0:
            return self.pick(lambda: self.field(words.BOOL_FIELDS), lambda: self.dice.random() < 0.5)
        return self.pick(
            lambda: self.compared(depth),
            lambda: self.compared(depth),
            lambda: self.equal(depth),
            lambda: self.equal(depth),
            lambda: {self.dice.choice(("and", "or")): self.several(lambda: self.boolean(depth - 1), 1, 3)},
            lambda: {self.dice.choice(("!", "!!")): [self.boolean(depth - 1)]},
            lambda: {self.dice.choice(("!", "!!")): self.boolean(depth - 1)},
            lambda: {"in": [self.text(depth - 1), self.array(depth - 1)]},
            lambda: {"in": [self.text(0), self.text(depth - 1)]},
            lambda: {self.dice.choice(("starts_with", "ends_with")): [self.text(depth - 1), self.text(0)]},
            lambda: self.version(),
            lambda: self.quantified(depth),
            lambda: {"!": {"missing": self.some_fields()}},
            lambda: {"!": {"missing_some": [self.dice.randint(0, 3), self.some_fields()]}},
        )

    def version(self) -> dict:
        """`sem_ver` with a constant."""
        right = self.dice.choice(words.CONSTANT_VERSIONS)
        return {"sem_ver": [{"var": "version"}, self.dice.choice(words.OPERATORS), right]}

    def compared(self, depth: int) -> dict:
        """An order, of two or three."""
        operator = self.dice.choice(("<", "<=", ">", ">="))
        grow = self.pick(lambda: self.number, lambda: self.number, lambda: self.text)
        parts = [self.loose(grow, depth - 1), self.loose(grow, depth - 1)]
        if operator in ("<", "<=") and self.dice.random() < 0.3:
            parts.append(grow(0))
        return {operator: parts}

    def equal(self, depth: int) -> dict:
        """Equality, strict or not."""
        operator = self.dice.choice(("==", "!=", "===", "!=="))
        grow = self.pick(lambda: self.number, lambda: self.text, lambda: self.text, lambda: self.boolean)
        return {operator: [self.loose(grow, depth - 1), self.loose(grow, 0)]}

    def quantified(self, depth: int) -> dict:
        """`all`, `some`, `none` over an array."""
        operator = self.dice.choice(("all", "some", "none"))
        if self.dice.random() < 0.5:
            condition = {self.dice.choice((">", "<=", "===")): [{"var": ""}, self.dice.randint(-2, 12)]}
            return {operator: [self.numbers(depth - 1), condition]}
        return {operator: [self.array(depth - 1), {"in": [{"var": ""}, self.dice.choice(("gold free", "beta"))]}]}

    def text(self, depth: int) -> object:
        """A string."""
        if depth <= 0:
            return self.pick(
                lambda: self.field(words.TEXT_FIELDS),
                lambda: self.dice.choice((*words.TIERS, *words.COUNTRIES, "@example.com", "u")),
            )
        return self.pick(
            lambda: self.text(0),
            lambda: {"cat": self.several(lambda: self.text(depth - 1), 1, 3)},
            lambda: {"cat": [self.text(0), self.whole()]},
            lambda: {"substr": [self.text(depth - 1), self.dice.randint(-4, 4)]},
            lambda: {"substr": [self.text(depth - 1), self.dice.randint(-3, 3), self.dice.randint(-2, 4)]},
            lambda: {"if": [self.boolean(depth - 1), self.text(depth - 1), self.text(0)]},
        )

    def number(self, depth: int) -> object:
        """A number."""
        if depth <= 0:
            return self.pick(lambda: self.field(words.NUMBER_FIELDS), self.whole, lambda: self.dice.choice((0.5, 1.5, 2.25)))
        inner = lambda: self.number(depth - 1)  # noqa: E731
        return self.pick(
            lambda: self.number(0),
            lambda: {"+": self.several(inner, 1, 3)},
            lambda: {"-": self.several(inner, 1, 2)},
            lambda: {"*": [inner(), inner()]},
            lambda: {"/": [inner(), self.dice.choice((1, 2, 4, -8))]},
            lambda: {"%": [inner(), self.dice.choice((1, 2, 7))]},
            lambda: {self.dice.choice(("min", "max")): self.several(inner, 1, 3)},
            lambda: {"if": [self.boolean(depth - 1), inner(), inner()]},
            lambda: {"reduce": [self.numbers(0), {"+": [{"var": "accumulator"}, {"var": "current"}]}, self.whole()]},
        )

    def array(self, depth: int) -> object:
        """An array of strings."""
        if depth <= 0:
            return self.pick(lambda: {"var": "tags"}, lambda: self.dice.sample(words.TIERS, 2))
        return self.pick(
            lambda: self.array(0),
            lambda: {"merge": [self.array(depth - 1), self.text(0)]},
            lambda: {"filter": [self.array(0), {"!==": [{"var": ""}, self.dice.choice(words.TIERS)]}]},
            lambda: {"map": [self.array(0), {"cat": [{"var": ""}, "!"]}]},
            lambda: [self.text(depth - 1), self.text(0)],
        )

    def numbers(self, depth: int) -> object:
        """An array of numbers."""
        if depth <= 0:
            return self.pick(lambda: {"var": "numbers"}, lambda: [self.whole() for _ in range(3)])
        return self.pick(
            lambda: self.numbers(0),
            lambda: {"map": [self.numbers(0), {"*": [{"var": ""}, 2]}]},
            lambda: {"filter": [self.numbers(0), {">": [{"var": ""}, 3]}]},
        )

    def field(self, names: Sequence[str]) -> dict:
        """A field, now and then with a default, or one that is not there."""
        chance = self.dice.random()
        if chance < LOOSE:
            return {"var": self.dice.choice(words.ABSENT_FIELDS)}
        name = self.dice.choice(list(names))
        if chance < 0.75:
            return {"var": name}
        if names is words.TEXT_FIELDS:
            return {"var": [name, self.dice.choice(words.TIERS)]}
        return {"var": [name, self.whole() if names is words.NUMBER_FIELDS else False]}

    def loose(self, grow: Callable[[int], object], depth: int) -> object:
        """What `grow` gives, seldom something of another type."""
        if self.dice.random() >= LOOSE:
            return grow(depth)
        return self.dice.choice((None, True, False, "", "1", " 2 ", "1.50", "x", 0, 1, "true", [], [1], ["1"]))

    def some_fields(self) -> list[str]:
        """Names of fields for `missing`."""
        return self.dice.sample(["email", "age", "user.id", "absent", "premium"], self.dice.randint(1, 3))

    def whole(self) -> int:
        """A whole number."""
        return self.dice.choice((0, 1, 2, 3, 10, 18, 100, -1, -5))

    def several(self, grow: Callable[[], object], low: int, high: int) -> list:
        """Some of them."""
        return [grow() for _ in range(self.dice.randint(low, high))]

    def pick(self, *makers: Callable[[], object]) -> object:
        """One of several ways to go on."""
        return self.dice.choice(makers)()
