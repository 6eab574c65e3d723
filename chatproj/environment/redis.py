"""The settings of Redis. docs/redis.md explains them."""

from chatproj import setting_values as values
from chatproj.setting_kinds import Setting, make_switch

SETTINGS = [
    # The transport reads the parts of this URL, and its error names the wrong part.
    Setting(
        name="REDIS_URL",
        effect="The Redis or Valkey servers through which the processes talk to each other.",
        kind="URL",
        parse=str.strip,
        expected="a URL",
        default=None,
        default_text="the Redis that `bin/serve` starts; none for a plain `runserver`",
        example="redis://:secret@redis:6379/0",
        wrong="http://redis",
        is_secret=True,
    ),
    make_switch(
        "REDIS_TLS_VERIFY",
        "Whether certificates of rediss:// servers are verified; off only where they are self-signed.",
        default=True,
        example="off",
    ),
    Setting(
        name="REDIS_ENCRYPTION_KEYS",
        effect="The first key encrypts what is in Redis, and all keys decrypt it.",
        kind="list of texts",
        parse=values.read_keys,
        expected=values.KEYS_EXPECTED,
        default=[],
        default_text="none: Redis holds messages as they are",
        example="`openssl rand -hex 32` prints one",
        wrong="secret",
        is_secret=True,
    ),
]
