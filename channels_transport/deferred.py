"""
Redis commands that nobody waits for: they leave with the worker's next trip. It knows no chat.
"""

from collections.abc import Callable
from typing import Any

from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from .shards import Shard


def run_with_next_trip(shard: Shard, command: tuple, on_answer: Callable[[Any], object] | None = None) -> None:
    """
    Run a command on a Redis server with the next trip that this thread's worker makes there.

    It runs at once if this thread has no message in hand, or if the worker has nothing to do with that server.
    `on_answer(answer)` is called afterwards. Where the connection breaks, the command may be lost: for what nobody
    waits for.
    """
    layer = channel_layers[DEFAULT_CHANNEL_LAYER].channel_layer
    for index, own in enumerate(layer.shards):
        if own.is_same_as(shard):
            layer.run_later(index, command, on_answer)
            return
    (answer,) = shard.call(command)
    if on_answer is not None:
        on_answer(answer)
