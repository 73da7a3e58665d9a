"""Ours beside theirs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What an evaluator said."""

    variant: str | None
    value: object
    reason: str
    error: str | None

    def same(self, other: "Answer") -> bool:
        """Equal in every part; numbers by their value, so that 1 is 1.0."""
        mine, yours = (self.variant, self.reason, self.error), (other.variant, other.reason, other.error)
        return mine == yours and alike(self.value, other.value)


@dataclass(frozen=True)
class Question:
    """One flag, asked for one context."""

    # Which of the sets it is.
    number: int
    flag_set: dict
    key: str
    context: dict

    def line(self) -> dict:
        """As the drivers read it."""
        return {"set": self.flag_set, "asks": [[self.key, self.context]]}


@dataclass(frozen=True)
class Difference:
    """One question that the two do not agree on, with all that it takes to ask again."""

    question: Question
    theirs: Answer
    ours: Answer

    def text(self) -> str:
        """The reproducer: three lines, the first of them a line for a driver."""
        lines = [
            json.dumps(self.question.line(), ensure_ascii=False),
            "  theirs " + json.dumps(list(vars(self.theirs).values()), ensure_ascii=False),
            "  ours   " + json.dumps(list(vars(self.ours).values()), ensure_ascii=False),
        ]
        return "\n".join(lines)


def differences(cases: Sequence, theirs: Sequence[Sequence], ours: Sequence[Sequence]) -> list[Difference]:
    """Line by line, ask by ask."""
    found = []
    for number, (case, their_line, our_line) in enumerate(zip(cases, theirs, ours, strict=True)):
        for (key, context), their_parts, our_parts in zip(case.asks, their_line, our_line, strict=True):
            their, our = Answer(*their_parts), Answer(*our_parts)
            if not their.same(our):
                found.append(Difference(Question(number, case.flag_set, key, context), their, our))
    return found


def alike(left: object, right: object) -> bool:
    """Equality of JSON values: a boolean is no number, 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(alike(one, other) for one, other in zip(left, right))
    return left == right
