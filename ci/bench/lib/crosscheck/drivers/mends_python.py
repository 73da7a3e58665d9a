"""What mends each known deviation of the Python evaluator: its operator, as JsonLogic has it.

With a mend that makes both sides equal, a difference is proven to be that deviation and nothing else.
"""

import math
import sys

from json_logic import builtins
from openfeature.contrib.tools.flagd.core.targeting import custom_ops

# The package hides its module behind a function of the same name.
OPERATORS = sys.modules["openfeature.contrib.tools.flagd.core.targeting.targeting"].OPERATORS


def null_text() -> None:
    """`cat` and `substr` of null: empty."""
    cat, substr = OPERATORS["cat"], OPERATORS["substr"]
    OPERATORS["cat"] = lambda data=None, *args: cat(data, *("" if arg is None else arg for arg in args))
    OPERATORS["substr"] = lambda data=None, text=None, *rest: substr(data, "" if text is None else text, *rest)


def null_minus() -> None:
    """`-` of something and null: two operands."""
    minus = OPERATORS["-"]
    OPERATORS["-"] = lambda data=None, *args: minus(data, *(0 if arg is None and len(args) == 2 else arg for arg in args))


def null_equal() -> None:
    """`==`: null is equal to null only."""
    equal = OPERATORS["=="]

    def mended(data=None, a=None, b=None, *rest):
        return equal(data, a, b) if (a is None) == (b is None) else False

    OPERATORS["=="] = mended
    OPERATORS["!="] = lambda data=None, *args: not mended(data, *args)


def null_order() -> None:
    """`<` and its kind: null is 0, whatever stands beside it."""
    for name in ("<", "<=", ">", ">="):
        order = OPERATORS[name]

        def mended(data=None, *args, order=order):
            pairs = zip(args, args[1:])
            numbers = [(a, b) if isinstance(a, str) and isinstance(b, str) else (number(a), number(b)) for a, b in pairs]
            return all(order(data, a, b) for a, b in numbers)

        OPERATORS[name] = mended


def blank_number() -> None:
    """A blank string is 0."""
    before = builtins.to_number
    builtins.to_number = lambda value: 0 if isinstance(value, str) and not value.strip() else before(value)


def strict_boolean() -> None:
    """`===` of a boolean and a number: two types."""
    OPERATORS["==="] = lambda data=None, a=None, b=None, *rest: a == b and isinstance(a, bool) == isinstance(b, bool)
    OPERATORS["!=="] = lambda data=None, *args: not OPERATORS["==="](data, *args)


def list_number() -> None:
    """An array beside something else is not a number."""
    before = builtins.to_number
    builtins.to_number = lambda value: math.nan if isinstance(value, list) else before(value)
    equal = OPERATORS["=="]

    def mended(data=None, a=None, b=None, *rest):
        if isinstance(a, list) or isinstance(b, list):
            return isinstance(a, list) and isinstance(b, list) and a == b
        return equal(data, a, b)

    OPERATORS["=="] = mended
    OPERATORS["!="] = lambda data=None, *args: not mended(data, *args)
    null_order()


def remainder() -> None:
    """`%` has the sign of the dividend."""

    def mended(data=None, a=None, b=None, *rest):
        a, b = number(a), number(b)
        return math.fmod(a, b) if b and math.isfinite(a) else math.nan

    OPERATORS["%"] = mended


def whole_weight() -> None:
    """A weight of 50.0 is 50."""
    before = custom_ops._parse_fraction

    def mended(part):
        if isinstance(part, (list, tuple)) and len(part) == 2 and isinstance(part[1], float) and part[1].is_integer():
            part = [part[0], int(part[1])]
        return before(part)

    custom_ops._parse_fraction = mended


def number(value: object) -> object:
    """As JavaScript's Number, but for arrays and objects."""
    return math.nan if isinstance(value, (list, dict)) else builtins.to_number(value)


MENDS = {
    "null-text": null_text,
    "null-minus": null_minus,
    "null-equal": null_equal,
    "null-order": null_order,
    "blank-number": blank_number,
    "strict-boolean": strict_boolean,
    "list-number": list_number,
    "remainder": remainder,
    "whole-weight": whole_weight,
}
