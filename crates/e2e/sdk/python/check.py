"""The Python SDK: one request per evaluation."""

import os
import sys

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

USER = EvaluationContext("user-1", {"email": "ann@example.com", "age": 30})
OTHER = EvaluationContext("user-1", {"email": "ann@example.org", "age": 30})
failed = 0


def check(name, actual, expected):
    global failed
    if actual == expected:
        print(f"ok   {name}")
    else:
        failed += 1
        print(f"FAIL {name}: {actual!r} is not {expected!r}")


def client(domain, key):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    provider = OFREPProvider(os.environ["OFREP_URL"], headers_factory=lambda: headers)
    api.set_provider(provider, domain)
    return api.get_client(domain)


flags = client("known", os.environ.get("OFREP_KEY"))

check("boolean", flags.get_boolean_value("new-header", False, USER), True)
check("string", flags.get_string_value("theme", "none", USER), 'dark "灰"')
check("number", flags.get_integer_value("limit", 0, USER), 42)
check("fraction", flags.get_float_value("ratio", 0.0, USER), 0.25)
check("object", flags.get_object_value("banner", {}, USER), {"text": "Sun", "size": 3, "tags": ["a", "b"]})
check("targeting hits", flags.get_boolean_value("beta", False, USER), True)
check("targeting misses", flags.get_boolean_value("beta", True, OTHER), False)
check("disabled is the default in the code", flags.get_boolean_value("retired", False, USER), False)

details = flags.get_boolean_details("new-header", False, USER)
metadata = details.flag_metadata
check("details", (details.variant, details.reason, metadata["team"], metadata["flagSetId"]), ("on", "STATIC", "web", "sdk"))
check("revision", isinstance(metadata["revision"], int), True)

details = flags.get_boolean_details("missing", True, USER)
check("a missing flag is the default in the code", (details.value, details.error_code), (True, "FLAG_NOT_FOUND"))
details = flags.get_boolean_details("half", True)
check("a missing targeting key", (details.value, details.error_code), (True, "TARGETING_KEY_MISSING"))
details = flags.get_string_details("limit", "code", USER)
check("another type is the default in the code", (details.value, details.error_code), ("code", "TYPE_MISMATCH"))
details = client("stranger", "wrong").get_boolean_details("new-header", False, USER)
check("a wrong key is the default in the code", (details.value, details.error_code), (False, "GENERAL"))

sys.exit(1 if failed else 0)
