"""
The user of a connection: Channels' decorators, with a user that is read only when a consumer asks for it.

The decorators whose names end with `from_http` copy the login of the browser's session into the channel session. Later
frames have no cookie, so their user is read from the channel session.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from channels.auth import transfer_user
from channels.message import Message
from channels.sessions import channel_and_http_session
from channels.sessions import http_session as stock_http_session
from django.conf import settings
from django.contrib import auth
from django.http import parse_cookie
from django.utils.functional import SimpleLazyObject

from .sessions import channel_session


def http_session(consumer: Callable[..., Any]) -> Callable[..., Any]:
    """
    Decorate a consumer so that its message has `http_session`: the session of the browser's cookie, or None.

    The parameter `session_key` of the query string replaces the cookie. If the consumer changes the session, save it.

    The decorator of Channels does the same, but makes a whole request of each message, to read one cookie of it.
    """
    with_request = stock_http_session(consumer)

    @functools.wraps(consumer)
    def inner(message: Message, *args: Any, **kwargs: Any) -> Any:
        if hasattr(message, "http_session") or _may_name_session(message) or isinstance(message.get("headers"), dict):
            return with_request(message, *args, **kwargs)
        message.http_session = session = _find_http_session(message)
        result = consumer(message, *args, **kwargs)
        if session is not None and session.modified:
            session.save()
        return result

    return inner


def _may_name_session(message: Message) -> bool:
    """Return whether the query string may have the parameter `session_key`, which replaces the cookie."""
    query = message.get("query_string") or b""
    text = query.decode("latin1") if isinstance(query, bytes) else query
    return "session_key" in text or "%" in text


def _find_http_session(message: Message) -> Any:
    cookies = [value.decode("latin1") for name, value in message.get("headers") or () if name.lower() == b"cookie"]
    key = parse_cookie(",".join(cookies)).get(settings.SESSION_COOKIE_NAME) if cookies else None
    engine: Any = importlib.import_module(settings.SESSION_ENGINE)
    return engine.SessionStore(session_key=key) if key else None


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
