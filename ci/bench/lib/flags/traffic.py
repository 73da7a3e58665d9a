"""The flags that the OFREP servers serve, and the requests that they get."""

import json
from collections.abc import Sequence
from pathlib import Path

from ..wrk import MARK

# As in the bench of Unleash Edge.
BULK = 350
USERS = 4_096
KEY = "shop-checkout-v2"

# All flags again, by somebody who has the answer already.
KNOWN = "bulk known"
KNOWN_USERS = 64

LOADS = {
    "single": f"/ofrep/v1/evaluate/flags/{KEY}",
    "bulk": "/ofrep/v1/evaluate/flags",
    KNOWN: "/ofrep/v1/evaluate/flags",
}

# What is under way when a window ends has cost time and is not counted as a request. Where one takes flagd some 9 ms,
# 64 of them would be a large part of the window.
CONNECTIONS = {"single": 64, "bulk": 8, KNOWN: 8}

_CONDITIONS = {
    "and": [
        {"in": [{"var": "country"}, ["DE", "FR", "NL"]]},
        {"sem_ver": [{"var": "version"}, ">=", "2.1.0"]},
        {"ends_with": [{"var": "email"}, "@example.com"]},
    ]
}
_SPLIT = {"fractional": [["on", 30], ["off", 70]]}

_SCRIPT = """\
local bodies, turn, tags = {}, 0, {%(tags)s}

init = function(args)
  wrk.headers["Content-Type"] = "application/json"
  for number = 0, %(users)d - 1 do
    wrk.headers["If-None-Match"] = tags[number + 1]
    bodies[number] = wrk.format("POST", "%(path)s", nil, string.format(%(body)s, number, number))
  end
end

request = function()
  turn = (turn + 1) %% %(users)d
  return bodies[turn]
end

done = function(summary, latency, requests)
  local e = summary.errors
  local form = '%(mark)s{"requests":%%d,"microseconds":%%d,"p50":%%d,"p99":%%d,"refused":%%d,"broken":%%d}\\n'
  io.write(string.format(form,
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
"""

_CONTEXT = {
    "targetingKey": "user-%06d",
    "country": "DE",
    "version": "2.3.1",
    "email": "user-%06d@example.com",
}


def flags() -> dict:
    """A third without a rule, a third split, a third with conditions and a split: the one that is asked alone."""
    rules = (None, _SPLIT, {"if": [_CONDITIONS, _SPLIT, "off"]})
    every = {f"flag-{number:03}": _flag(rules[number % 3]) for number in range(BULK - 1)}
    every[KEY] = _flag(rules[2])
    return {"flags": every, "metadata": {"bucketing": "flagd-v2"}}


def body(user: int) -> str:
    """The context of the n-th user, as the script sends it."""
    return json.dumps({"context": _CONTEXT}).replace("%06d", f"{user:06}")


def script(folder: Path, load: str, tags: Sequence[str] = ()) -> Path:
    """The lua file that wrk reads: every request of the cycle is made once, before the clock starts.

    With tags there are as many users, and each says that it has the answer of its own.
    """
    path = folder / f"{load.replace(' ', '-')}.lua"
    text = json.dumps({"context": _CONTEXT})
    words = ", ".join(f"'{tag}'" for tag in tags)
    users = len(tags) or USERS
    path.write_text(_SCRIPT % {"users": users, "path": LOADS[load], "body": f"'{text}'", "tags": words, "mark": MARK})
    return path


def _flag(rule: dict | None) -> dict:
    made: dict = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
    if rule is not None:
        made["targeting"] = rule
    return made
