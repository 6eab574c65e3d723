"""
The search for the consumer of a message, with a cache, because Channels' router tries all routes for each message.

The result depends only on the message's channel and on the values that the filters of the routes match, such as its
`path`. A site whose router or whose routes are of other classes than Channels' own has no cache.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Hashable, Optional, Tuple

from channels.message import Message
from channels.routing import Include, Route, Router

from .bounded_cache import BoundedCache

MAX_FOUND = 10000

Found = Optional[Tuple[Callable[..., Any], Dict[str, Any]]]


class Routes:
    """The routes of a router. The routes must not change after this object has been made."""

    def __init__(self, router: Router) -> None:
        self.router = router
        is_stock = getattr(type(router), "match", None) is Router.match
        self._filters = _find_filters(router.root) if is_stock else None
        self._found: BoundedCache[Hashable, Found] = BoundedCache(MAX_FOUND)

    def match(self, message: Message) -> Found:
        """Return (the consumer of a message, the keyword arguments for it), or None if no route matches."""
        if self._filters is None:
            return self._ask_router(message)
        key = message.channel.name, *map(message.content.get, self._filters)
        try:
            return self._found[key]
        except KeyError:
            self._found.store(key, self._ask_router(message))
            return self._found[key]
        except TypeError:  # a value is not hashable, so it is not the text that a filter expects
            return self._ask_router(message)

    def _ask_router(self, message: Message) -> Found:
        return self.router.match(_RoutedMessage(message.content, message.channel.name, message.channel_layer))


class _RoutedMessage(Message):
    """The message for routing. `include` copies it for each prefix; this copy is shallow and costs less."""

    def copy(self) -> _RoutedMessage:
        return _RoutedMessage(dict(self.content), self.channel.name, self.channel_layer)


def _find_filters(entry: Any) -> list[str] | None:
    """Return the names of all values that an entry of a routing matches, or None if they are not known."""
    if isinstance(entry, Route) and type(entry).match is Route.match:
        return sorted(entry.filters)
    if not isinstance(entry, Include) or type(entry).match is not Include.match:
        return None
    names = set(entry.prefixes)
    for inner in entry.routing:
        found = _find_filters(inner)
        if found is None:
            return None
        names.update(found)
    return sorted(names)
