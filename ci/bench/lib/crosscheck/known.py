"""Where an official evaluator is known to deviate, each with the reason; counted in the report, never hidden.

A deviation has a mend in the driver of the evaluator: a difference that goes away with it is that deviation, and no
other difference can hide behind its name.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Deviation:
    """Something an official evaluator does otherwise than the specification or its siblings."""

    generation: str
    # Of the mend, too.
    name: str
    reason: str


DEVIATIONS = (
    Deviation("v2", "utf16-hash", "a key that is not ASCII is hashed by UTF-16 units; flagd hashes its UTF-8 bytes"),
    Deviation("v2", "null-key", "a key to bucket by that is null gives null; flagd takes flag key and targeting key"),
    Deviation("v2", "null-text", "`cat` writes null as a word and `substr` of null is an error; in flagd null is empty"),
    Deviation("v2", "missing-empty", "`missing` takes null and an empty string for present; JsonLogic does not"),
    Deviation("v2", "in-empty", "an empty string is not in an empty string; in JavaScript and flagd it is"),
    Deviation("v2", "all-absent", "`all` of what is no array is true; in JsonLogic `all` of nothing is false"),
    Deviation("v2", "not-a-number", "what is not a number is an error; in JavaScript it is NaN, and compares as false"),
    Deviation("v3", "null-text", "`cat` and `substr` write null as a word; in flagd null is empty"),
    Deviation("v3", "null-minus", "`-` of a number and null negates; in JavaScript null is 0"),
    Deviation("v3", "null-equal", "null equals 0 and false; in JavaScript it equals null only"),
    Deviation("v3", "null-order", "null beside a string is the word null; in JavaScript both are numbers then"),
    Deviation("v3", "blank-number", "a blank string is not a number; in JavaScript it is 0"),
    Deviation("v3", "strict-boolean", "`===` takes true for 1; in JavaScript their types differ"),
    Deviation("v3", "list-number", "an array of one number is that number; here, as in flagd for Node, it is none"),
    Deviation("v3", "remainder", "`%` has the sign of the divisor; in JavaScript and flagd that of the dividend"),
    Deviation("v3", "whole-weight", "a weight of 50.0, as a division gives it, is refused; flagd takes whole floats"),
)


def deviations(generation: str) -> list[Deviation]:
    """Those of one evaluator."""
    return [each for each in DEVIATIONS if each.generation == generation]
