"""
Follows each message on its way: from an interface to a worker, to the commit, and to the sockets of every interface.

The setting LOG_MESSAGES writes a line for each step, and TRACING makes a span of OpenTelemetry of each step. Without
both, `follower` is None, and a step costs one comparison. Only `start` and `stop` change `follower`.

A message to a group must tell every interface which frame has caused it. An item has a list of the channels that it
excludes. So a mark is an entry in this list that names no channel: `%id=QxTzBfLmNa#3`. An older process ignores it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.signals import connection_created

from . import log_context

if TYPE_CHECKING:
    from .tracing import Tracer

logger = logging.getLogger(__name__)

MARK = "%"
# An application may send a message with any text as `reply_channel`. A comma or NUL would end the mark, and all members
# of the group would get a damaged message.
_MARKABLE = re.compile(r"[A-Za-z0-9._:=@+/#-]{1,200}")
MISSING = (
    "TRACING needs the packages of OpenTelemetry, which are not installed: "
    "install opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http."
)

follower: Follower | None = None


class Broadcast(NamedTuple):
    """A message to a group on its way: the id of its cause, its span, and the marks in its items."""

    cause: str | None
    span: Any
    marks: list[str]


class Follower:
    """
    Logs and traces the steps of messages. `tracer` is None without TRACING.

    `commit` and `execute` raise what the database raises. No other method raises.
    """

    def __init__(self, is_logging: bool, tracer: Tracer | None) -> None:
        self.is_logging = is_logging
        self.tracer = tracer

    # These methods are for interfaces.

    def receive(self, channel: str, message: dict[str, Any]) -> dict[str, Any]:
        """Note that a frame or a request has arrived. Return its message, with its trace if the trace is sampled."""
        if self.is_logging:
            self._log(log_context.make_id(message, message.get(log_context.CARRIED, {})), f"received on {channel}")
        return message if self.tracer is None else self.tracer.receive(channel, message)

    def respond(self, reply: str, status: int | None) -> None:
        """Note that the response to a request begins. The status None means that the client has left."""
        if self.tracer is not None:
            self.tracer.respond(reply, status)

    def write(self, group: bytes, excluded: Collection[str], count: int, began: float) -> None:
        """Note that a message to a group was written to `count` connections, from the time `began` (s) on."""
        marks = read_marks(excluded)
        if self.is_logging and "id" in marks:
            self._log(marks["id"], f"written to the group {group.decode()}, connections: {count}")
        if self.tracer is not None and "trace" in marks:
            self.tracer.write(marks["trace"], count, began)

    def write_reply(self, channel: str) -> None:
        """Note that a reply was written to one connection. The reply itself does not say which frame it answers."""
        if self.is_logging:
            self._log(log_context.shorten(channel), "got a reply")

    # These methods are for workers.

    def begin(self, channel: str, carried: dict[str, Any]) -> None:
        """Note that this thread begins to handle a message."""
        if self.tracer is not None:
            self.tracer.begin(channel, carried)

    def end(self, has_failed: bool) -> None:
        """Note that this thread has handled the message."""
        if self.tracer is not None:
            self.tracer.end(has_failed)

    def commit(self, alias: str, commit: Callable[[], None]) -> None:
        """Commit a transaction of the database `alias`, and note that it was committed."""
        if self.tracer is None:
            commit()
        else:
            self.tracer.run("commit", commit)
        if self.is_logging and (cause := log_context.get_id()) is not None:
            self._log(cause, f"committed in the database {alias}")

    def execute(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run a statement for `execute_wrappers` of Django's connections, and return its result."""
        if self.tracer is None:
            return execute(sql, params, many, context)
        return self.tracer.run_statement(sql, lambda: execute(sql, params, many, context))

    def begin_broadcast(self, group: str) -> Broadcast:
        """Note that a message to a group is made, and return its cause, its span and its marks."""
        marks, span, cause = [], None, log_context.get_id()
        if self.is_logging and isinstance(cause, str) and _MARKABLE.fullmatch(cause):
            marks.append(f"{MARK}id={cause}")
        if self.tracer is not None:
            span, trace = self.tracer.begin_broadcast(group)
            marks += [f"{MARK}trace={trace}"] if trace else []
        return Broadcast(cause, span, marks)

    def end_broadcast(self, group: str, broadcast: Broadcast, interfaces: int) -> None:
        """Note that Redis has accepted a message to a group, for this number of interfaces."""
        if self.is_logging and broadcast.cause is not None:
            self._log(broadcast.cause, f"broadcast to the group {group}, interfaces: {interfaces}")
        if broadcast.span is not None:
            broadcast.span.end()

    def reply(self, channel: str) -> None:
        """Note that the consumer answers one connection."""
        if self.is_logging and (cause := log_context.get_id()) is not None:
            self._log(cause, f"answered on {channel}")
        if self.tracer is not None:
            self.tracer.note("reply")

    def carry(self) -> dict[str, Any]:
        """Return what a message to a plain channel must carry in addition to its parent."""
        return {} if self.tracer is None else self.tracer.carry()

    def stop(self) -> None:
        """Export the last spans, within a bounded time."""
        if self.tracer is not None:
            self.tracer.stop()

    def _log(self, cause: str | None, step: str) -> None:
        with log_context.handling_id(cause):
            logger.info("%s %s", cause, step)


def read_marks(excluded: Collection[str]) -> dict[str, str]:
    """Return {name: value} of the marks among the names that an item excludes."""
    return dict(mark[1:].split("=", 1) for mark in excluded if mark.startswith(MARK) and "=" in mark)


def start() -> None:
    """
    Follow the messages of this process, if LOG_MESSAGES or TRACING is on. Call it after the last fork of the process.

    Raise ImproperlyConfigured if TRACING is on and the packages of OpenTelemetry are not installed.
    """
    global follower
    is_logging, is_tracing = getattr(settings, "LOG_MESSAGES", False), getattr(settings, "TRACING", False)
    if not is_logging and not is_tracing:
        return
    follower = Follower(bool(is_logging), _make_tracer() if is_tracing else None)
    connection_created.connect(watch_connection)
    for connection in connections.all():
        watch_connection(connection)


def _make_tracer() -> Tracer:
    try:
        from .tracing import Tracer
    except ImportError:
        raise ImproperlyConfigured(MISSING) from None
    return Tracer()


def stop() -> None:
    """End what `start` began: export the last spans, within a bounded time."""
    global follower
    found, follower = follower, None
    if found is not None:
        connection_created.disconnect(watch_connection)
        found.stop()


def watch_connection(connection: Any, **kwargs: Any) -> None:
    """Follow the statements and the commits of a connection to the database."""
    if getattr(connection, "_is_followed", False):
        return
    connection._is_followed = True
    commit = connection.commit

    def followed_commit() -> None:
        if follower is None:
            commit()
        else:
            follower.commit(connection.alias, commit)

    connection.commit = followed_commit
    # Django 1.11 has no wrappers for statements.
    if hasattr(connection, "execute_wrappers"):
        connection.execute_wrappers.append(_execute)


def _execute(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if follower is None:
        return execute(sql, params, many, context)
    return follower.execute(execute, sql, params, many, context)
