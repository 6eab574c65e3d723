"""The number of random examples that hypothesis tries. `bin/test --fast` tries a tenth of them."""

import os

import hypothesis

IS_FAST = bool(os.environ.get("CHAT_TEST_FAST"))


def examples(count: int) -> hypothesis.settings:
    """Return the decorator that makes a test try `count` random examples, or a tenth of them with `--fast`."""
    return hypothesis.settings(max_examples=max(count // 10, 1) if IS_FAST else count)
