"""
The private listener of an interface: paths that only a port of their own answers, such as `/metrics`.

The setting INTERFACE_PRIVATE is {"endpoint": a Twisted endpoint, "paths": a list of paths}. The private listener
answers these paths only. The other listeners answer 404 to them, so a proxy in front of the site cannot publish them by
mistake. Without the setting, there is no private listener.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from twisted.internet.protocol import Factory

_EXPECTED = (
    'a dictionary with an endpoint and a list of paths, such as {"endpoint": "tcp:9191:interface=127.0.0.1", "paths":'
    ' ["/metrics"]}'
)


class Private(NamedTuple):
    """The endpoint of the private listener, and the paths that it answers."""

    endpoint: str
    paths: frozenset[bytes]


class PrivateFactory(Factory):
    """Makes the connections of the private listener: those of the public factory, with a mark."""

    noisy = False

    def __init__(self, public: Any) -> None:
        self.public = public

    def buildProtocol(self, addr: Any) -> Any:
        """Return the protocol of a new connection, or None if its address has too many connections."""
        protocol = self.public.buildProtocol(addr)
        if protocol is not None:
            protocol.is_private = True
        return protocol


def load_private() -> Private | None:
    """Return the private listener of the settings, or None. Raise ImproperlyConfigured if the setting is wrong."""
    given: Any = getattr(settings, "INTERFACE_PRIVATE", None)
    if not given:
        return None
    if not isinstance(given, Mapping) or set(given) != {"endpoint", "paths"}:
        raise ImproperlyConfigured(f"INTERFACE_PRIVATE must be {_EXPECTED}, not {given!r}.")
    endpoint, paths = given["endpoint"], given["paths"]
    are_paths = isinstance(paths, (list, tuple)) and all(isinstance(path, str) and path.isascii() for path in paths)
    if not isinstance(endpoint, str) or not are_paths:
        raise ImproperlyConfigured(f"INTERFACE_PRIVATE must be {_EXPECTED}, not {given!r}.")
    return Private(endpoint, frozenset(path.encode() for path in paths))
