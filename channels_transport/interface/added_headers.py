"""
The headers that an interface adds to every response without a header of the same name: the setting INTERFACE_HEADERS.

The interface also makes responses itself, for example to a request that is too large. So only the interface can give
all responses of a site the same security headers. The answer to a websocket handshake gets none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# Browsers must ignore this header of a response without TLS, and a server must not send it (RFC 6797, section 7.2).
ONLY_WITH_TLS = b"strict-transport-security"
_NAME = re.compile(r"[A-Za-z0-9-]+")
_VALUE = re.compile(r"[\x20-\x7e]+")
_EXPECTED = "a dictionary of the names and the values of headers, in printable ASCII"


class AddedHeaders:
    """The headers of the setting, encoded once."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        encoded = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        self._headers = [(name.lower(), name, value) for name, value in encoded]

    def choose(self, present: Iterable[tuple[bytes | str, bytes]], is_plain: bool) -> list[tuple[bytes, bytes]]:
        """
        Return the headers to add to a response whose own headers are `present`.

        `is_plain` says that the client certainly uses no TLS.
        """
        names = {(name.encode("latin1") if isinstance(name, str) else name).lower() for name, _ in present}
        if is_plain:
            names.add(ONLY_WITH_TLS)
        return [(name, value) for lower, name, value in self._headers if lower not in names]


def load_added_headers() -> AddedHeaders:
    """Return the headers of the setting INTERFACE_HEADERS. Raise ImproperlyConfigured if it is wrong."""
    given: Any = getattr(settings, "INTERFACE_HEADERS", {})
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"INTERFACE_HEADERS must be {_EXPECTED}, not {given!r}.")
    for name, value in given.items():
        are_texts = isinstance(name, str) and isinstance(value, str)
        if not (are_texts and _NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise ImproperlyConfigured(f"INTERFACE_HEADERS must be {_EXPECTED}, but it contains {name!r}: {value!r}.")
    return AddedHeaders(given)
