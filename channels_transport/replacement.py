"""
Replaces DECORATORS, the workers, the test tools and the server of Channels with those of this package.

It also replaces the method that closes a websocket for a WebsocketCloseException. A site need not change its imports.

If `channels_transport` is in INSTALLED_APPS, Django calls `replace_channels` when it creates the application, before it
imports models. A module that imported a decorator of Channels earlier uses this package's decorator too, because the
function object itself is redirected. The classes of `channels.generic` and `channels.binding` stay in use, with
these decorators.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

import channels.auth
import channels.sessions
import channels.worker
from channels.exceptions import WebsocketCloseException
from django.core.exceptions import ImproperlyConfigured

from . import auth, ordering, sessions, testing, worker
from .after_import import run_after_import

DECORATORS: dict[FunctionType, Callable[..., Any]] = {
    channels.sessions.channel_session: sessions.channel_session,
    channels.sessions.enforce_ordering: ordering.enforce_ordering,
    channels.auth.channel_session_user: auth.channel_session_user,
    channels.auth.channel_session_user_from_http: auth.channel_session_user_from_http,
    channels.auth.channel_and_http_session_user_from_http: auth.channel_and_http_session_user_from_http,
}
WORKERS = (channels.worker.Worker, channels.worker.WorkerGroup)

_replaced: set[Any] = set()


def replace_channels() -> None:
    """
    Replace the parts of Channels that the module's docstring names, in this process.

    A second call does nothing. Raise ImproperlyConfigured if a class was derived from Channels' worker before: the
    methods of Channels' worker would stay in use in that class.
    """
    if _replaced:
        return
    _check_worker_classes()
    _redirect_ordered_consumers(channels.sessions.enforce_ordering)
    for stock, ours in DECORATORS.items():
        _replace_in_channels(stock, ours)
        _redirect(stock, ours)
    _replace_in_channels(channels.worker.Worker, worker.Worker)
    WORKERS[0].__new__ = staticmethod(_make_worker)
    WORKERS[1].run = _run_group
    WebsocketCloseException.run = _close_websocket
    testing.replace_test_tools()
    run_after_import("channels.management.commands.runserver", _replace_server)
    _replaced.update(DECORATORS)


def _replace_in_channels(stock: Any, ours: Any) -> None:
    """Replace an object wherever a module of Channels has it as a global."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "channels":
            for key in [key for key, value in vars(module).items() if value is stock]:
                setattr(module, key, ours)


def _call(*args: Any, _replacement: Callable[..., Any], **kwargs: Any) -> Any:
    return _replacement(*args, **kwargs)


def _redirect(stock: Any, ours: Callable[..., Any]) -> None:
    """Let a function of Channels call ours, for modules that have imported the function already."""
    stock.__code__ = _call.__code__
    stock.__defaults__ = None
    stock.__kwdefaults__ = {"_replacement": ours}
    stock.__wrapped__ = ours  # what `inspect` and `help` show


def _redirect_ordered_consumers(decorator: FunctionType) -> None:
    """
    Let the consumers that Channels' `enforce_ordering` decorated earlier use this package's ordering.

    Consumers with Channels' other decorators work on this package's layers. But a consumer that Channels orders could
    wait without end for a frame that a worker lost.
    """
    stock, ours = _find_code(decorator.__code__, "inner"), _find_code(_order_late.__code__, "inner")
    for function in gc.get_referrers(stock):
        if isinstance(function, FunctionType):
            function.__code__ = ours


def _find_code(code: CodeType, name: str) -> CodeType:
    """Return the code of the inner function of this name."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            return constant if constant.co_name == name else _find_code(constant, name)
    raise LookupError(name)


def _order_late(func: Callable[..., Any]) -> Callable[..., Any]:
    def inner(message: Any, *args: Any, **kwargs: Any) -> Any:
        # This code runs with the globals of `channels.sessions`. There, `enforce_ordering` is this package's decorator.
        return enforce_ordering(func)(message, *args, **kwargs)  # type: ignore[name-defined] # noqa: F821

    return inner


def _check_worker_classes() -> None:
    for derived in channels.worker.Worker.__subclasses__():
        if derived not in (*WORKERS, worker.Worker):
            raise ImproperlyConfigured(
                f"{derived.__module__}.{derived.__qualname__} was derived from Channels' worker before "
                'channels_transport was loaded: put "channels_transport" first in INSTALLED_APPS, and do not import '
                "this module in the settings."
            )


def _make_worker(cls: type, *args: Any, **kwargs: Any) -> Any:
    """Make this package's worker for a module that has imported Channels' worker before."""
    return object.__new__(worker.Worker if cls is WORKERS[0] else cls)


def _replace_server() -> None:
    """Let Channels' `runserver` run this package's interface. The tests of a site may replace its `server_cls`."""
    from channels.management.commands import runserver

    from .interface import Server

    runserver.Command.server_cls = Server


def _run_group(group: Any) -> None:
    """Run a group of workers: each one in its own thread, and one more worker in this thread."""
    for thread_worker in group.workers:
        worker.start_thread(thread_worker)
    worker.Worker(
        group.channel_layer,
        callback=group.callback,
        message_retries=group.message_retries,
        signal_handlers=group.signal_handlers,
        only_channels=group.only_channels,
        exclude_channels=group.exclude_channels,
    ).run()


def _close_websocket(error: WebsocketCloseException, message: Any) -> None:
    """Close the websocket of a message. Channels' method rejects the names that Daphne 1.4 gives to reply channels."""
    message.reply_channel.send({"close": error._code or True})
