"""The words that random flags and contexts are made of."""

NAMES = ("on", "off", "red", "green", "blue", "clubs", "hearts", "v1", "v2", "été")
COUNTRIES = ("DE", "FR", "US", "CN", "at", "")
TIERS = ("free", "gold", "silver", "beta", "été")

# Valid ones, partial ones, some that only some parsers take, and some that none does.
VERSIONS = (
    "1.0.0", "1.2.3", "v1.2.3", "V2.0.0", "2.0.0-alpha.1", "2.0.0-alpha.beta", "2.0.0+build.7", "10.2.0",
    "1", "1.2", "v2", "2.0.0.0", "not-a-version", "",
)  # fmt: skip
# What may stand in a rule: ours refuses a rule with another constant when it is read.
CONSTANT_VERSIONS = VERSIONS[:11]
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "^", "~")

TEXT_FIELDS = ("email", "country", "tier", "user.tier", "targetingKey")
NUMBER_FIELDS = ("age", "score", "user.id")
BOOL_FIELDS = ("premium", "user.deep.flag")
LIST_FIELDS = ("tags", "numbers")
ABSENT_FIELDS = ("nothing", "absent", "user.absent", "tier.below", "tags.7")
