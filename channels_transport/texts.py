"""
Several texts to one websocket in one message: `{"texts": [...]}`.

The interface sends each text as one frame, in their order. Fifty messages would be packed, stored in Redis, read and
looked up one by one, which costs a worker, Redis and the interface together ten times as much.

The name of an interface says whether the interface knows the key `texts`, and all of its reply channels begin with the
name. A worker can also run beside an interface of an older version, or beside plain Daphne. These would refuse the key,
so they get one message for each text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

# The name of an interface has only letters after `daphne.response.`, in older versions and in Daphne.
READS_TEXTS = "daphne.response.t-"
# The interface reads a message as a whole, and delivers nothing else meanwhile. So a message has at most this many
# characters, unless it has only one text.
MAX_CHARACTERS = 64 * 1024


def send_texts(channel: Any, texts: Sequence[str]) -> None:
    """
    Send several texts to one websocket, each as one frame, in this order.

    `channel` is the websocket's reply channel, a `Channel` of Channels. Like `channel.send`, this function sends within
    a consumer only when the consumer has ended.
    """
    if len(texts) > 1 and channel.name.startswith(READS_TEXTS):
        for part in _split(texts):
            channel.send({"texts": part})
    else:
        for text in texts:
            channel.send({"text": text})


def _split(texts: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    length = 0
    for text in texts:
        if part and length + len(text) > MAX_CHARACTERS:
            yield part
            part, length = [], 0
        part.append(text)
        length += len(text)
    yield part
