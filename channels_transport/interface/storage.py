"""
The storage of a site's files, as an interface uses it: the functions that write and read, and the threads for them.

The setting INTERFACE_FILES is a dictionary:

* `paths`: a list of regular expressions. A POST whose decoded path matches one of them is an upload.
* `create`: the dotted path of a function. `create(name, most_bytes)` returns a `channels_transport.uploads.Writer`.
* `read`: the dotted path of a function. `read(name, first, length)` returns an iterator of bytes with `close`. It
  raises LookupError if there is no such file.

These functions may block, and use the database. This module knows no request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections
from django.utils.module_loading import import_string
from twisted.internet import reactor, threads
from twisted.python.threadpool import ThreadPool

from .bodies import multipart
from .headers import split_absolute

# A slow storage delays other files, but no health check, because health checks use the threads of the reactor.
THREADS = 8
_EXPECTED = (
    "a dictionary such as {'paths': [r'/files/\\Z'], 'create': 'site.files.create', 'read': 'site.files.read_range'}"
)
_KEYS = {"paths", "create", "read"}


class SiteStorage:
    """The functions of a site, and how many uploads this interface has and how many bytes they may have together."""

    def __init__(
        self,
        paths: Iterable[str] = (),
        create: Callable[..., Any] | None = None,
        read: Callable[..., Any] | None = None,
    ) -> None:
        self._patterns = [re.compile(path) for path in paths]
        self.create, self.read = create, read
        self._pool: ThreadPool | None = None
        self.uploads = 0
        self.bytes = 0

    def is_upload(self, method: bytes, uri: bytes) -> bool:
        """Return whether a request with a body is an upload."""
        if method != b"POST" or not self._patterns:
            return False
        absolute = split_absolute(uri)
        path = unquote((uri if absolute is None else absolute[1]).partition(b"?")[0].decode("latin1"))
        return any(pattern.match(path) for pattern in self._patterns)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function of the site in a thread. Return a Deferred of its result."""
        if self._pool is None:
            self._pool = ThreadPool(0, THREADS, name="files")
            self._pool.start()
            reactor.addSystemEventTrigger("during", "shutdown", self._pool.stop)
        return threads.deferToThreadPool(reactor, self._pool, _call, function, arguments)


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    # Django does the same around each request: a thread must not use a connection that is broken or too old.
    close_old_connections()
    try:
        return function(*arguments)
    finally:
        close_old_connections()


def load_storage() -> SiteStorage:
    """Return the storage of the settings. Raise ImproperlyConfigured if INTERFACE_FILES is wrong."""
    given: Any = getattr(settings, "INTERFACE_FILES", {})
    if not isinstance(given, Mapping) or not set(given) <= _KEYS or ("paths" in given) != ("create" in given):
        raise ImproperlyConfigured(f"INTERFACE_FILES must be {_EXPECTED}, not {given!r}.")
    paths = given.get("paths", [])
    if not isinstance(paths, (list, tuple)) or not all(isinstance(path, str) for path in paths):
        raise ImproperlyConfigured(f"INTERFACE_FILES must be {_EXPECTED}, not {given!r}.")
    try:
        functions = {key: import_string(given[key]) for key in ("create", "read") if key in given}
        storage = SiteStorage(paths, **functions)
    except (ImportError, AttributeError, TypeError, ValueError, re.error) as error:
        raise ImproperlyConfigured(f"INTERFACE_FILES cannot be used: {error}.") from None
    if paths and multipart is None:
        raise ImproperlyConfigured("INTERFACE_FILES needs the package multipart: install multipart>=1.2.")
    return storage
