"""
Channel sessions: an engine for CHANNEL_SESSION_ENGINE, and the decorator `channel_session`.

The key of a channel session is computed from the reply channel's name, which others may know. Channels' default stores
these sessions in the table of login sessions, so their key ("chn...") works as a login cookie. With this engine the
channel layer stores the sessions, under a lease that each use renews. In Redis, the session of a frame arrives together
with the frame (see session_backends.py).
"""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.exceptions import ConsumeLater
from channels.message import Message
from django.conf import settings
from django.contrib.sessions.backends import signed_cookies
from django.contrib.sessions.backends.base import CreateError, SessionBase

from .channel_layer import SessionBackend
from .leases import get_session_lease_seconds
from .session_backends import session_key
from .stock_layers import get_session_backend


def _backend() -> SessionBackend:
    return get_session_backend(channel_layers[DEFAULT_CHANNEL_LAYER])


class SessionStore(SessionBase):
    """
    Django's session interface for the layer's storage.

    Values are JSON, and not signed: a process that can write to this Redis can also write frames of any connection.
    """

    _was_found = False

    def __init__(self, session_key: str | None = None) -> None:
        # Django's method also imports the serializer, by its name, for each session. This class uses none.
        self._session_key = session_key
        self.accessed = self.modified = False

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return a session as JSON."""
        return json.dumps(session_dict)

    def decode(self, session_data: str) -> dict[str, Any]:
        """Return the session that a text contains, or an empty session if another engine wrote the text."""
        # Another engine may have used this key before, for another connection.
        try:
            found = json.loads(session_data)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def load(self) -> dict[str, Any]:
        """Read the session and renew its lease. If there is none, forget the key and return an empty session."""
        value = _backend().load(self.session_key)
        if value is None:
            self._session_key = None
            return {}
        self._was_found = True
        return self.decode(value)

    def exists(self, session_key: str) -> bool:
        """Return whether a session is stored under a key."""
        # `channel_session` calls this right after loading. If the load has found the session, no round trip is needed.
        return self._was_found or _backend().load(session_key) is not None

    def create(self) -> None:
        """Raise CreateError, because a channel session's key is computed from its reply channel."""
        raise CreateError("A channel session's key is given by its reply channel.")

    def cycle_key(self) -> None:
        """Keep the key, because the reply channel determines it. `django.contrib.auth.login` calls this method."""
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Store the session. Raise CreateError if it exists and `must_create` is set."""
        value = self.encode(self._get_session(no_load=must_create))
        if not _backend().save(self.session_key, value, self.get_expiry_age(), must_create):
            raise CreateError
        self._was_found = True

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Return how long the session lasts after its last save (s): the value of `set_expiry`, or else the lease."""
        return self.get("_session_expiry") or get_session_lease_seconds()

    def delete(self, session_key: str | None = None) -> None:
        """Delete this session, or the session of a key."""
        _backend().delete(session_key or self.session_key)

    @classmethod
    def clear_expired(cls) -> None:
        """Do nothing: the leases end by themselves."""


def read_idle_sessions(layer: Any, replies: Sequence[str]) -> list[dict[str, Any]]:
    """
    Return the channel sessions of reply channels, in one trip to each server, and renew their leases.

    The result is empty for a connection without a session, and for a connection that has frames in its queue.
    """
    decode = SessionStore().decode
    return [{} if value is None else decode(value) for value in get_session_backend(layer).load_idle(replies)]


def channel_session(func: Callable) -> Callable:
    """
    Decorate a consumer so that its message has a `channel_session`, kept from one message of a connection to the next.

    A changed session is saved after the consumer has run, even if the consumer raised. The decorator of Channels does
    the same, but for every message it imports its engine again, which takes as long as a query.

    The decorated consumer raises ValueError if it gets no message or a message without a reply channel, and
    ConsumeLater if another worker is creating the session.
    """

    @functools.wraps(func)
    def inner(*args: Any, **kwargs: Any) -> Any:
        message = next((argument for argument in args[:2] if isinstance(argument, Message)), None)
        if message is None:
            raise ValueError("channel_session called without Message instance")
        if not hasattr(message, "channel_session"):
            message.channel_session = _open_session(message)
        session = message.channel_session
        try:
            return func(*args, **kwargs)
        finally:
            if session.modified and not session.is_empty():
                session.save()
                # A decorator around this one must not save the same session again.
                session.modified = False

    return inner


def _open_session(message: Message) -> SessionBase:
    if not message.reply_channel:
        raise ValueError("@channel_session can only be used on messages with a reply_channel")
    key = session_key(message.reply_channel.name)
    session = _session_store(getattr(settings, "CHANNEL_SESSION_ENGINE", settings.SESSION_ENGINE))(session_key=key)
    session._session.keys()  # loads the session, which may remove the key
    session._session_key = key
    if not session.exists(key):
        try:
            session.save(must_create=True)
        except CreateError:
            raise ConsumeLater() from None
    return session


@functools.lru_cache(maxsize=None)
def _session_store(engine: str) -> Any:
    module: Any = importlib.import_module(engine)
    if module is signed_cookies:
        raise ValueError(
            "Channel sessions cannot be stored in signed cookies, because frames carry no cookies: set"
            " CHANNEL_SESSION_ENGINE to another engine."
        )
    return module.SessionStore
