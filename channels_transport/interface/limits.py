"""
The limits of an interface server: their names and their defaults, and how a site's settings change them.

The settings are INTERFACE_LIMITS and INTERFACE_PATHS; docs/operations.md has the table. This module enforces nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_type_hints

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ..counting import OTHER
from .budgets import UNLIMITED, Addresses, Meter, Rate

KIB, MIB = 1024, 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """
    All limits. None as the value of a setting means no limit.

    For websockets, `socket_*` are the budgets of one socket, and `address_*` are the budgets of all sockets of one
    address together. Frames are texts, binary messages and their fragments; control frames are pings, pongs and empty
    fragments. A socket that has stayed at the limit of a budget for `flood_seconds` is closed.
    """

    socket_frames: Rate = Rate(5000, 500)
    socket_bytes: Rate = Rate(256 * MIB, 16 * MIB)
    socket_control_frames: Rate = Rate(500, 50)
    address_frames: Rate = Rate(100_000, 10_000)
    address_bytes: Rate = Rate(1024 * MIB, 128 * MIB)
    address_control_frames: Rate = Rate(20_000, 2000)
    flood_seconds: float = 10
    sockets_per_address: float = 5000
    # This is above `sockets_per_address`, so that an address with all of its sockets can still load pages.
    connections_per_address: float = 6000
    # A socket above `sockets_per_address` gets this text before it is closed. The text tells its client the reason.
    refusal_text: str = ""
    # The time for the whole request line and all headers, from their first byte.
    head_seconds: float = 20
    # The time for the whole body, and the rate that extends it: each `body_bytes_per_second` bytes add a second.
    body_seconds: float = 30
    body_bytes_per_second: float = 1000
    max_body_bytes: float = MIB
    # The longest message of a websocket, in one frame or in fragments. A longer one closes the socket with 1009.
    max_frame_bytes: float = 64 * KIB
    # The uploads that an interface receives at the same time, those of one address, and the bytes that all these files
    # may have together.
    uploads: float = 100
    uploads_per_address: float = 20
    upload_bytes: float = 4 * 1024 * MIB
    # The rest of a refused upload is read and dropped up to these limits. Some browsers read the response only when
    # they have sent the whole body.
    discard_upload_seconds: float = 30
    discard_upload_bytes: float = 128 * MIB
    # The time before a request's first byte, on a new connection and between two requests. It is longer than proxies
    # keep an idle connection, so that no proxy sends a request on a connection that is just being closed.
    idle_seconds: float = 75
    # A client must read at least this many bytes of a response in each `read_seconds`.
    read_seconds: float = 60
    read_bytes: float = 1000
    # The time after the last response, or after a close frame, until the connection is cut.
    close_seconds: float = 15
    # After a refusal, a last response or a close frame, the rest of what the client sends is read and dropped up to
    # these limits, so that the client can read the server's last bytes.
    discard_seconds: float = 5
    discard_bytes: float = 8 * MIB
    # The largest number of connections whose remaining bytes are read and dropped at the same time. Further connections
    # are closed at once.
    lingering_connections: float = 1000


# The limits that a rule for some paths may change.
PATH_LIMITS = tuple(
    f"{owner}_{what}" for owner in ("socket", "address") for what in ("frames", "bytes", "control_frames")
)
PATH_OPTIONS = ("send_only", "forget", "kind", "gather", *PATH_LIMITS)


@dataclass
class PathRule:
    """
    What a site declares about the websockets of some paths.

    `send_only`: no consumer reads the clients' frames, so they are dropped. `forget`: frames that still wait when the
    socket ends are dropped. `kind`: the name of these sockets in the metrics. `gather`: texts that match are passed on
    together with those of other sockets; see `gathering.py`. `limits` are the budgets of these sockets. If they change
    the budgets of an address, the sockets of these paths have budgets of their own, in `addresses`.
    """

    pattern: re.Pattern[str]
    send_only: bool = False
    forget: bool = False
    limits: Limits = Limits()
    addresses: Addresses | None = None
    kind: str = OTHER
    gather: re.Pattern[str] | None = None
    sockets: int = 0  # the open websockets of these paths, with those whose handshake is not answered yet

    def make_meter(self) -> Meter:
        """Return the budgets of a new socket."""
        limits = self.limits
        return Meter(limits.socket_frames, limits.socket_bytes, limits.socket_control_frames)


def make_limits(given: Any, base: Limits | None = None, setting: str = "INTERFACE_LIMITS") -> Limits:
    """Return `base` with the given values. Raise ImproperlyConfigured for an unknown name or a wrong value."""
    known = get_type_hints(Limits)
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"{setting} must be a dictionary of limits and their values, not {given!r}.")
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise ImproperlyConfigured(f"{setting} has no limit {name!r}; it has {', '.join(known)}.")
        values[name] = _read(f"{name} in {setting}", known[name], value)
    return replace(base or Limits(), **values)


def _read(name: str, kind: Any, value: Any) -> Any:
    if kind is Rate:
        if value is None:
            return UNLIMITED
        if isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_amount, value)):
            return Rate(*value)
        expected = "a pair (at once, per second) of positive numbers, or None for no limit"
        raise ImproperlyConfigured(f"{name} must be {expected}, not {value!r}.")
    if kind is str:
        if isinstance(value, str):
            return value
        raise ImproperlyConfigured(f"{name} must be a text, not {value!r}.")
    if value is None:
        return math.inf
    if _is_amount(value):
        return value
    raise ImproperlyConfigured(f"{name} must be a positive number, or None for no limit, not {value!r}.")


def _is_amount(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def make_rules(given: Any, limits: Limits) -> list[PathRule]:
    """
    Return the rules of INTERFACE_PATHS: pairs of a regular expression and a dictionary.

    Raise ImproperlyConfigured for anything else, for an invalid expression, and for an unknown option or a wrong value.
    """
    if not isinstance(given, (list, tuple)):
        raise ImproperlyConfigured(f"INTERFACE_PATHS must be {_PATHS_EXPECTED}, not {given!r}.")
    return [_make_rule(item, limits) for item in given]


_PATHS_EXPECTED = "a list of pairs: a regular expression and a dictionary"


def _make_rule(item: Any, limits: Limits) -> PathRule:
    is_pair = isinstance(item, (list, tuple)) and len(item) == 2
    if not (is_pair and isinstance(item[0], str) and isinstance(item[1], Mapping)):
        raise ImproperlyConfigured(f"INTERFACE_PATHS must be {_PATHS_EXPECTED}, but it contains {item!r}.")
    pattern, options = item
    expression = _compile(pattern)
    for name in options:
        if name not in PATH_OPTIONS:
            known = ", ".join(PATH_OPTIONS)
            text = f"INTERFACE_PATHS has the unknown option {name!r} for {pattern!r}; the options are {known}."
            raise ImproperlyConfigured(text)
    kind = _read(f"kind for {pattern!r} in INTERFACE_PATHS", str, options.get("kind", OTHER))
    gather = _read(f"gather for {pattern!r} in INTERFACE_PATHS", str, options.get("gather", ""))
    own = make_limits({name: options[name] for name in options if name in PATH_LIMITS}, limits, "INTERFACE_PATHS")
    addresses = make_addresses(own) if any(name.startswith("address_") for name in options) else None
    return PathRule(
        expression,
        send_only=bool(options.get("send_only")),
        forget=bool(options.get("forget")),
        limits=own,
        addresses=addresses,
        kind=kind,
        gather=_compile(gather) if gather else None,
    )


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        text = f"INTERFACE_PATHS must contain regular expressions, but {pattern!r} is not valid: {error}."
        raise ImproperlyConfigured(text) from None


def make_addresses(limits: Limits) -> Addresses:
    """Return a new table of the budgets of addresses, without an address."""
    return Addresses(limits.address_frames, limits.address_bytes, limits.address_control_frames)


def limits_from_settings(changes: Mapping[str, Any] | None = None) -> tuple[Limits, list[PathRule]]:
    """
    Return the limits and the rules of the site's settings. `changes` are limits that replace those of the settings.

    Raise ImproperlyConfigured for a wrong setting.
    """
    limits = make_limits(changes or {}, make_limits(getattr(settings, "INTERFACE_LIMITS", {})), "the options")
    return limits, make_rules(getattr(settings, "INTERFACE_PATHS", []), limits)
