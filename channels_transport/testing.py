"""
Makes the test tools of Channels (`channels.test`) use this package's layer in memory, interface and worker.

Only tests import `channels.test`. This module replaces nothing before that import. The live server then tests the
interface and the worker that the site deploys, instead of plain Daphne.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib import auth

TEST_TOOLS = "channels.test"


def replace_test_tools() -> None:
    """Replace the parts of `channels.test` now if it is imported, or else right after its import."""
    if TEST_TOOLS in sys.modules:
        _replace()
    else:
        sys.meta_path.insert(0, _AfterImport(TEST_TOOLS, _replace))


class _AfterImport(MetaPathFinder):
    """Calls a function once, when a module has been imported."""

    def __init__(self, name: str, function: Callable[[], None]) -> None:
        self.name, self.function = name, function

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return the module's spec, with a loader that calls the function. Return None for other modules."""
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = self._run_after(spec.loader.exec_module)  # type: ignore
        return spec

    def _run_after(self, execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
        def execute_and_call(module: ModuleType) -> None:
            execute(module)
            self.function()

        return execute_and_call


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
    """Let `WSClient` send the cookies that were set. Channels puts the channel session's key in the session cookie."""

    def get_kept_cookies(client: Any) -> dict[str, str]:
        return {**get_cookies(client), **client._cookies}

    return get_kept_cookies
