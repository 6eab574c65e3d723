"""
The user of a connection: Channels' decorators, with a user that is read only when a consumer asks for it.

The decorators whose names end with `from_http` copy the login of the browser's session into the channel session. Later
frames have no cookie, so their user is read from the channel session.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from channels.auth import transfer_user
from channels.message import Message
from channels.sessions import channel_and_http_session, http_session
from django.contrib import auth
from django.utils.functional import SimpleLazyObject

from .sessions import channel_session


def _set_user(message: Message) -> None:
    request = SimpleNamespace(session=message.channel_session)
    # Reading the user takes a query, and most frames do not need the user.
    message.user = SimpleLazyObject(lambda: auth.get_user(request))


def _add_user(consumer: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(consumer)
    def inner(message: Message, *args: Any, **kwargs: Any) -> Any:
        http_session_of_browser = getattr(message, "http_session", None)
        if http_session_of_browser is not None:
            transfer_user(http_session_of_browser, message.channel_session)
        _set_user(message)
        return consumer(message, *args, **kwargs)

    return inner


def channel_session_user(consumer: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a consumer so that its message has `channel_session`, and `user`: the user of that session."""
    return channel_session(_add_user(consumer))


def channel_session_user_from_http(consumer: Callable[..., Any]) -> Callable[..., Any]:
    """
    Decorate a consumer of `websocket.connect` so that its message also has `http_session` (None without a cookie).

    The login of that session is copied into the channel session.
    """
    return channel_session(http_session(_add_user(consumer)))


def channel_and_http_session_user_from_http(consumer: Callable[..., Any]) -> Callable[..., Any]:
    """
    Decorate a consumer so that each message has `channel_session`, `http_session` and `user`.

    The login of `http_session` is copied into the channel session.
    """
    return channel_session(channel_and_http_session(_add_user(consumer)))
