"""
The attributes that this package adds to asgiref's channel layer in memory.

The test cases of Channels use that layer instead of the site's layer. It lacks two attributes that the decorators need.
That layer lives in one process, so this module can keep them. No other layer is supported: each process of a shared
layer would have attributes of its own.
"""

from typing import Any
from weakref import WeakKeyDictionary

from asgiref.inmemory import ChannelLayer as StockMemoryChannelLayer

from .channel_layer import ConnectionTurns, SessionBackend

_turns: WeakKeyDictionary[Any, ConnectionTurns] = WeakKeyDictionary()
_backends: WeakKeyDictionary[Any, SessionBackend] = WeakKeyDictionary()


def unwrap(layer: Any) -> Any:
    """Return a channel layer without Channels' wrapper."""
    return getattr(layer, "channel_layer", layer)


def _is_stock(layer: Any, attribute: str) -> bool:
    return isinstance(layer, StockMemoryChannelLayer) and not hasattr(layer, attribute)


def get_connection_turns(layer: Any) -> ConnectionTurns | None:
    """Return the `connection_turns` of a layer. Raise AttributeError for a layer that this package does not support."""
    layer = unwrap(layer)
    if not _is_stock(layer, "connection_turns"):
        return layer.connection_turns
    from .ordering import MemoryTurns

    return _turns.setdefault(layer, MemoryTurns())


def get_session_backend(layer: Any) -> SessionBackend:
    """Return the `channel_session_backend` of a layer. Raise AttributeError as `get_connection_turns` does."""
    layer = unwrap(layer)
    if not _is_stock(layer, "channel_session_backend"):
        return layer.channel_session_backend
    from .session_backends import MemoryBackend

    return _backends.setdefault(layer, MemoryBackend())
