"""
The channel layers of other packages: what this package adds to them, and whether it orders their messages.

The decorators need the attributes `connection_turns` and `channel_session_backend` of a layer. asgiref's layer in
memory lacks these attributes. That layer lives in one process, so this module can keep the attributes in memory. A site
may have other layers under other aliases, and several processes may share such a layer. For a shared layer, attributes
in the memory of one process are not enough. So Channels' own `enforce_ordering` orders the messages of such a layer.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

import channels.sessions
from asgiref.inmemory import ChannelLayer as StockMemoryChannelLayer

from .channel_layer import ConnectionTurns, SessionBackend

_turns: WeakKeyDictionary[Any, ConnectionTurns] = WeakKeyDictionary()
_backends: WeakKeyDictionary[Any, SessionBackend] = WeakKeyDictionary()

# A copy of Channels' decorator: `replacement.py` redirects the decorator itself.
_stock: Any = channels.sessions.enforce_ordering
stock_enforce_ordering = FunctionType(_stock.__code__, _stock.__globals__, _stock.__name__, _stock.__defaults__)


def unwrap(layer: Any) -> Any:
    """Return a channel layer without Channels' wrapper."""
    return getattr(layer, "channel_layer", layer)


def is_supported(layer: Any) -> bool:
    """Return whether the decorators of this package keep the order of a layer's messages."""
    layer = unwrap(layer)
    return hasattr(layer, "connection_turns") or isinstance(layer, StockMemoryChannelLayer)


def is_own(backend: Any) -> bool:
    """Return whether a layer, or the class of a layer, is one of this package."""
    return hasattr(backend, "is_shared")


def _is_stock_without(layer: Any, attribute: str) -> bool:
    return isinstance(layer, StockMemoryChannelLayer) and not hasattr(layer, attribute)


def get_connection_turns(layer: Any) -> ConnectionTurns | None:
    """Return the `connection_turns` of a layer. Raise AttributeError for a layer that this package does not support."""
    layer = unwrap(layer)
    if not _is_stock_without(layer, "connection_turns"):
        return layer.connection_turns
    from .ordering import MemoryTurns

    return _turns.setdefault(layer, MemoryTurns())


def get_session_backend(layer: Any) -> SessionBackend:
    """Return the `channel_session_backend` of a layer. Raise AttributeError as `get_connection_turns` does."""
    layer = unwrap(layer)
    if not _is_stock_without(layer, "channel_session_backend"):
        return layer.channel_session_backend
    from .session_backends import MemoryBackend

    return _backends.setdefault(layer, MemoryBackend())
