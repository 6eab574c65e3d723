"""
Static files: their addresses, and the code that serves them.

The address of a static file contains the version of the client's code, such as `/static/3f2a9c01b7de/chat/room.js`. So
browsers keep the file for ten years and never ask again, and a new release has new addresses. The modules of the
browser's code import each other by relative addresses, so all modules of a page have the same version. Pages load them
in bundles (chat.http.bundles).

The interface serves static files itself, without a worker (`answer_static_file`, see INTERFACE_ANSWERS). Under another
server, and for `runserver`, `StaticFilesMiddleware` serves them. WhiteNoise finds the files and makes the responses. It
looks for the name of an encoding in `Accept-Encoding` and ignores the weights, so it gets only the accepted encodings.
"""

import logging
import os
import re
import secrets
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseStorageFinder, get_finders
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedStaticFilesStorage

from channels_transport import Answer, Asked
from chat.http import bundles
from chat.http.code_comments import is_stripped, remove_comments
from chat.http.encodings import find_encodings
from chat.http.security_middleware import find_tls_address
from chat.version import CLIENT_VERSION

logger = logging.getLogger(__name__)

VERSION_PART = re.compile(r"([0-9a-f]{12})/")
IMMUTABLE = f"public, max-age={10 * 365 * 24 * 3600}, immutable"
# A page of another release asks for its own version. It gets the file of this release, and must not keep the file
# under that address.
OTHER_VERSION = "no-cache"


class VersionedStaticFilesStorage(CompressedStaticFilesStorage):
    """
    The storage of static files. Its addresses contain the version of the client's code.

    With DEBUG, the addresses have no version, because the files change while the server runs. If STATIC_URL is on
    another site, the addresses have no version either. The stored modules and styles of the chat have no comments.
    """

    def _save(self, name: str, content: Any) -> str:
        if is_stripped(name):
            content = ContentFile(remove_comments(content.read()))
        return str(super()._save(name, content))

    def url(self, name: str, *arguments: Any, **options: Any) -> str:
        """Return the address of a static file."""
        address: str = super().url(name, *arguments, **options)
        if settings.DEBUG or not address.startswith(settings.STATIC_URL) or not settings.STATIC_URL.startswith("/"):
            return address
        return f"{settings.STATIC_URL}{CLIENT_VERSION}/{address.removeprefix(settings.STATIC_URL)}"


class BundleFinder(BaseStorageFinder):
    """Find the bundles of the client's modules. Before the first search of a process, write them into BUNDLES_ROOT."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.storage = FileSystemStorage(location=settings.BUNDLES_ROOT)
        self._is_written = False
        super().__init__(*arguments, **options)

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        """
        Yield (path, storage) of each bundle. Write the bundles that are missing or outdated.

        This does not list the folder, because other processes may be writing there.
        """
        self._write()
        return ((name, self.storage) for name in _list_bundles())

    def find(self, path: str, all: bool = False) -> Any:
        """Return the path of a bundle's file, or [] for another path. With `all`, return a list."""
        if path not in _list_bundles():
            return []
        self._write()
        return super().find(path, all=all)

    def _write(self) -> None:
        if self._is_written:
            return
        for name, content in _list_bundles().items():
            path = Path(self.storage.location, name)
            if not path.is_file() or path.read_bytes() != content:
                _replace(path, content)
        self._is_written = True


@cache
def _list_bundles() -> dict[str, bytes]:
    """Return {path of the static file: content} of all bundles."""
    return {bundles.CLIENT_PREFIX + name: text.encode() for name, text in bundles.make_bundles().items()}


def _replace(path: Path, content: bytes) -> None:
    """Write a file in one step: other processes write and read it too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The umask decides who may read the file. A file of `tempfile` would be for this user alone.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with open(temporary, "xb") as file:
        file.write(content)
    os.replace(temporary, path)


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """
    Serve static files, with or without a version in their address.

    If a file in STATIC_ROOT is outdated or missing, because `collectstatic` did not run after an update, serve the file
    of this release in its place.
    """

    def __init__(self, get_response: Any = None, settings: Any = settings) -> None:
        super().__init__(get_response, settings)
        if not self.autorefresh and not self.use_finders:
            self._replace_outdated_files()

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Return the response with a static file, or None for any other path."""
        found = self.find(request.path_info)
        if found is None:
            return None
        file, cache_control = found
        _keep_accepted_encodings(request.META)
        response = self.serve(file, request)
        if cache_control is not None:
            response["Cache-Control"] = cache_control
        return response

    def find(self, path: str) -> tuple[Any, str | None] | None:
        """
        Return (WhiteNoise's file, the value of Cache-Control) for a path, or None if the path has no file.

        The value is None for an address without a version: then the value that WhiteNoise has set stays.
        """
        path, version = self._split(path)
        file = self.find_file(path) if self.autorefresh else self.files.get(path)
        if file is None:
            return None
        if version is None:
            return file, None
        return file, IMMUTABLE if version == CLIENT_VERSION else OTHER_VERSION

    def _split(self, path: str) -> tuple[str, str | None]:
        """Return (the path without a version, the version or None)."""
        if not path.startswith(self.static_prefix):
            return path, None
        found = VERSION_PART.match(path, len(self.static_prefix))
        return (self.static_prefix + path[found.end() :], found[1]) if found else (path, None)

    def _replace_outdated_files(self) -> None:
        outdated = []
        for name, source in _list_outdated(self.static_root):
            self.add_file_to_dictionary(self.static_prefix + name, str(source))
            outdated.append(name)
        if outdated:
            text = "%d static files of %s are outdated, such as %s: run `manage.py collectstatic` after each update."
            logger.warning(text, len(outdated), self.static_root, outdated[0])


def find_outdated_files() -> list[str]:
    """Return the names of the static files that are missing in STATIC_ROOT, or differ from those of this release."""
    return [name for name, _ in _list_outdated(settings.STATIC_ROOT)]


def _list_outdated(static_root: str) -> Iterator[tuple[str, Path]]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            source, collected = Path(storage.path(name)), Path(static_root, name)
            if not collected.is_file() or collected.read_bytes() != _read_as_collected(name, source):
                yield name, source


def _read_as_collected(name: str, source: Path) -> bytes:
    return remove_comments(source.read_bytes()) if is_stripped(name) else source.read_bytes()


def _keep_accepted_encodings(environment: dict[str, Any]) -> None:
    """Remove from the header Accept-Encoding what the client does not accept, and the weights."""
    environment["HTTP_ACCEPT_ENCODING"] = ", ".join(find_encodings(environment.get("HTTP_ACCEPT_ENCODING", "")))


@cache
def _get_files() -> StaticFilesMiddleware:
    """Return the middleware that finds the files for `answer_static_file`."""
    return StaticFilesMiddleware()


def answer_static_file(asked: Asked) -> Answer | None:
    """
    Answer a request for a static file, or return None, so that a worker answers. A worker also redirects to https.

    The files are small, and the system keeps them in memory: reading one takes less time than a trip to a worker.
    """
    found = _get_files().find(asked.path)
    if found is None or find_tls_address(asked.headers.get("x-forwarded-proto"), asked.path, asked.path) is not None:
        return None
    file, cache_control = found
    environment = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in asked.headers.items()}
    _keep_accepted_encodings(environment)
    response = file.get_response(asked.method, environment)
    headers = {**dict(response.headers), "X-Content-Type-Options": "nosniff"}
    if cache_control is not None:
        headers["Cache-Control"] = cache_control
    content = b""
    if response.file is not None:
        with response.file:
            content = response.file.read()
    return Answer(int(response.status), content, headers.pop("Content-Type", "text/plain"), headers)
