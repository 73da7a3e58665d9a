"""The official Python evaluator behind JSON lines: runs inside its virtual environment, not in the check's own Python.

A line in: {"set": {...}, "asks": [[key, context], ...]}. A line out: one list [variant, value, reason, error] per ask.
The arguments name known deviations that are to be mended, see mends_python.py.
"""

import json
import logging
import sys

from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import GeneralError, ParseError

from mends_python import MENDS

METHODS = {bool: "boolean", str: "string", int: "float", float: "float", dict: "object"}


def answer(core: FlagdCore, kinds: dict[str, str], key: str, context: dict) -> list:
    """What one flag is for one context."""
    fields = dict(context)
    about = EvaluationContext(fields.pop("targetingKey", None), fields)
    kind = kinds[key]
    try:
        found = getattr(core, f"resolve_{kind}_value")(key, None, about)
    except GeneralError:
        return [None, None, "ERROR", "GENERAL"]
    except ParseError:
        return [None, None, "ERROR", "PARSE_ERROR"]
    except Exception as error:
        # What the evaluator did not mean to raise: the caller of the SDK sees its default and GENERAL.
        return [None, None, "ERROR", f"CRASH {type(error).__name__}"]
    value = found.value if found.variant is not None else None
    return [found.variant, value, str(getattr(found.reason, "value", found.reason)), None]


def main() -> None:
    """Answer until the end of the input."""
    logging.disable(logging.CRITICAL)
    for name in sys.argv[1:]:
        MENDS[name]()
    for line in sys.stdin:
        case = json.loads(line)
        flags = case["set"]["flags"]
        kinds = {key: METHODS[type(next(iter(flag["variants"].values())))] for key, flag in flags.items()}
        core = FlagdCore()
        core.set_flags(json.dumps(case["set"]))
        answers = [answer(core, kinds, key, context) for key, context in case["asks"]]
        sys.stdout.write(json.dumps(answers) + "\n")


main()
