"""
The number of random examples that hypothesis tries.

`bin/test --fast` tries a tenth of them. CHAT_TEST_EXAMPLES=20 tries twenty times as many, for a search by hand.
"""

import os

import hypothesis

IS_FAST = bool(os.environ.get("CHAT_TEST_FAST"))
FACTOR = 0.1 if IS_FAST else int(os.environ.get("CHAT_TEST_EXAMPLES", "1"))


def examples(count: int) -> hypothesis.settings:
    """Return the decorator that makes a test try `count` random examples, or fewer or more: see above."""
    return hypothesis.settings(max_examples=max(int(count * FACTOR), 1))
