"""
Redis commands whose answers are not urgent: they are sent with the worker's next round trip.
"""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from .outages import REDIS_OUTAGES
from .shards import Shard, Unsent, read_written

if TYPE_CHECKING:
    from .redis_base import RedisBase

logger = logging.getLogger(__name__)

OnAnswer = Callable[[Any], object]
Ask = Callable[..., "list[Any]"]


class DeferredCommand(NamedTuple):
    """
    A command for one shard, and the function to call with its answer.

    `on_failure` is called if Redis has refused the command, or if it is unknown whether the command ran.
    """

    shard: int  # its index
    command: tuple
    on_answer: OnAnswer | None
    on_failure: Callable[[], object] | None = None


class DeferredCommands:
    """The commands of one thread that wait for its next round trip to Redis. No other thread may use this object."""

    def __init__(self, layer: RedisBase) -> None:
        self._layer = layer
        self._waiting: list[DeferredCommand] = []
        self._answered: list[tuple[DeferredCommand, Any]] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(
        self,
        index: int,
        command: tuple,
        on_answer: OnAnswer | None = None,
        on_failure: Callable[[], object] | None = None,
    ) -> None:
        """Queue a command for a shard's next trip. `handle_answers` calls `on_answer(answer)`."""
        self._waiting.append(DeferredCommand(index, command, on_answer, on_failure))

    def send(self) -> None:
        """Run all waiting commands now, because the caller's next command must not overtake them."""
        for index in {entry.shard for entry in self._waiting}:
            self._run(index)
        self.handle_answers()

    def run_after_waiting(self, index: int, command: tuple, ask: Ask | None = None) -> Any:
        """
        Run all waiting commands, and then `command` on its shard. Return the answer of `command`.

        This takes one round trip if all commands are for the same shard. `ask` runs the commands of this shard like
        `Shard.ask`, which is the default. Raise the error reply of Redis, or an outage.
        """
        for other in {entry.shard for entry in self._waiting} - {index}:
            self._run(other)
        (answer,) = self._run(index, command, ask=ask)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def write_after_waiting(self, index: int, command: tuple, on_failure: Callable[[], object]) -> None:
        """
        Write all waiting commands, and then `command`, to its shard, and do not wait for the answers.

        The thread's next trip reads them, on any shard. If the connection has ended by then, it is unknown whether the
        commands ran. Then, or if Redis has refused `command`, `on_failure` is called. Raise the outages of
        `Shard.write`.
        """
        for other in {entry.shard for entry in self._waiting} - {index}:
            self._run(other)
        entries = list(self._waiting)  # the failure of an earlier trip may add a command meanwhile
        try:
            self._layer.shards[index].write(
                *(entry.command for entry in entries),
                command,
                on_answers=functools.partial(self._take_answers, entries, on_failure),
            )
        except Unsent:
            raise
        except REDIS_OUTAGES:
            self._waiting = self._waiting[len(entries) :]
            self._handle_failure(entries)
            raise
        self._waiting = self._waiting[len(entries) :]

    def _take_answers(
        self, entries: list[DeferredCommand], on_failure: Callable[[], object], answers: list[Any] | BaseException
    ) -> None:
        if isinstance(answers, BaseException):
            self._handle_failure(entries)
            on_failure()
            return
        self._answered.extend(zip(entries, answers))
        if isinstance(answers[-1], Exception):
            logger.error("Redis has refused a command: %s", answers[-1])
            on_failure()

    def _handle_failure(self, entries: list[DeferredCommand]) -> None:
        unknown = 0
        for entry in entries:
            if entry.on_failure is None:
                unknown += 1
            else:
                entry.on_failure()
        if unknown:
            logger.warning("The connection broke: it is unknown whether %d deferred commands ran", unknown)

    def _run(self, index: int, *commands: tuple, ask: Ask | None = None) -> list[Any]:
        # A failure of the commands that were written before adds commands, which this trip must not remove.
        read_written()
        # Mostly, all commands are for the same shard.
        entries = [entry for entry in self._waiting if entry.shard == index]
        others = [entry for entry in self._waiting if entry.shard != index] if len(entries) < len(self._waiting) else []
        try:
            answers = (ask or self._layer.shards[index].ask)(*(entry.command for entry in entries), *commands)
        except Unsent:
            raise  # the commands still wait for the next trip
        except REDIS_OUTAGES:
            self._waiting = others
            self._handle_failure(entries)
            raise
        self._waiting = others
        self._answered.extend(zip(entries, answers))
        return answers[len(entries) :]

    def handle_answers(self) -> None:
        """
        Call `on_answer` for the commands that have run. If Redis has refused a command, log its error instead.

        Raise nothing, because an exception would make the worker lose its next message.
        """
        answered, self._answered = self._answered, []
        for entry, answer in answered:
            try:
                if isinstance(answer, Exception) and entry.on_failure is not None:
                    entry.on_failure()
                elif isinstance(answer, Exception):
                    logger.error("Redis has refused a consumer's message or session: %s", answer)
                elif entry.on_answer is not None:
                    entry.on_answer(answer)
            except REDIS_OUTAGES as outage:
                logger.warning("Redis cannot be reached after a consumer's message was sent: %s", outage)
            except Exception:
                logger.exception("A consumer's message could not be delivered")


def run_with_next_trip(shard: Shard, command: tuple, on_answer: OnAnswer | None = None) -> None:
    """
    Run a command on a Redis server in the next round trip of this thread's worker to that server.

    The command runs at once if this thread processes no message, or if the channel layer does not use that server.
    `on_answer(answer)` is called afterwards. If the connection breaks, the command may be lost, so do not use
    this function for a command that must run.
    """
    layer = channel_layers[DEFAULT_CHANNEL_LAYER].channel_layer
    for index, layer_shard in enumerate(layer.shards):
        if layer_shard.is_same_as(shard):
            layer.run_later(index, command, on_answer)
            return
    (answer,) = shard.call(command)
    if on_answer is not None:
        on_answer(answer)
