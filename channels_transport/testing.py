"""
Makes the test tools of Channels (`channels.test`) use this package's layer in memory, interface and worker.

Only tests import `channels.test`. This module replaces nothing before that import. The live server then tests the
interface and the worker that the site deploys, instead of plain Daphne. The test client `WSClient` logs in to
SESSION_ENGINE and CHANNEL_SESSION_ENGINE, and sends the cookies that the test has set.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib import auth

from .after_import import run_after_import

TEST_TOOLS = "channels.test"


def replace_test_tools() -> None:
    """Replace the parts of `channels.test` now if it is imported, or else right after its import."""
    run_after_import(TEST_TOOLS, _replace)


def _replace() -> None:
    from channels.test import base, liveserver, websocket

    from .memory import MemoryChannelLayer
    from .worker import Worker

    base.InMemoryChannelLayer = MemoryChannelLayer
    liveserver.Server, liveserver.Worker = _make_live_server, Worker
    websocket.WSClient._login = _login_in_both_engines(websocket.WSClient._login)
    websocket.WSClient.get_cookies = _keep_cookies(websocket.WSClient.get_cookies)


def _make_live_server(**options: Any) -> Any:
    from twisted.internet import reactor

    from .interface import Server

    # The live server starts a timer before the server runs, and `run` changes the clock of the timers.
    reactor.seconds = time.monotonic
    return Server(**options)


def _login_in_both_engines(login: Callable[..., None]) -> Callable[..., None]:
    """Let `WSClient.login` also make a login session in SESSION_ENGINE, if CHANNEL_SESSION_ENGINE is another engine."""

    def login_in_both(client: Any, user: Any) -> None:
        login(client, user)
        if getattr(settings, "CHANNEL_SESSION_ENGINE", settings.SESSION_ENGINE) != settings.SESSION_ENGINE:
            session = importlib.import_module(settings.SESSION_ENGINE).SessionStore()
            auth.login(SimpleNamespace(session=session, META={}), user)
            session.save()
            client.set_cookie(settings.SESSION_COOKIE_NAME, session.session_key)

    return login_in_both


def _keep_cookies(get_cookies: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    """
    Let `WSClient` send the cookies that `set_cookie` has set.

    Without this, Channels replaces the session cookie with the key of the channel session.
    """

    def get_kept_cookies(client: Any) -> dict[str, str]:
        return {**get_cookies(client), **client._cookies}

    return get_kept_cookies
