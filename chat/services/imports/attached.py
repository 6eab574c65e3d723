"""
Find the bytes of files that an export only names: in a directory of the operator, or at the addresses of the files.

This module downloads files from Slack only. The addresses in an export of Slack contain the permission to read the
files.
"""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from chat.services import outgoing
from chat.services.outgoing import OutgoingError

from .exports import find_files
from .items import ImportFailure

DOWNLOAD_SECONDS = 120
MAX_DOWNLOAD_BYTES = 200_000_000  # a download is kept in memory
OWN_ID_LENGTH = 22  # characters of the id of a file on a site like this one
# The id of a file is the beginning of the name of the file, or of its directory.
_ID = re.compile(r"[A-Za-z0-9_-]{4,}")
_HOSTS = ("slack.com", "slack-files.com")

Open = Callable[[], IO[bytes] | None]


class Attached:
    """Finds the bytes of files by their ids."""

    def __init__(self, folder: str | Path | None = None, is_downloading: bool = False) -> None:
        """
        Find the files in `folder` and in all folders below it. Raise ImportFailure if there is no such folder.

        With `is_downloading`, `find` also returns functions that download files from Slack.
        """
        self.is_downloading = is_downloading
        self._paths: dict[str, Path] = {}
        if folder is None:
            return
        if not Path(folder).is_dir():
            raise ImportFailure(f"{folder} is not a directory.")
        for path in sorted(find_files(folder)):
            for part in path.relative_to(folder).parts:
                if match := _ID.match(part):
                    self._note(match[0], path)

    def _note(self, text, path):
        # An id of Slack has no hyphen, and a name follows it: "F024BE91L-report.pdf". An id of a site like this one may
        # have hyphens, and has always OWN_ID_LENGTH characters.
        for id in (text, text[:OWN_ID_LENGTH], re.split("[-_]", text, maxsplit=1)[0]):
            self._paths.setdefault(id, path)

    def find(self, id: str, address: str = "") -> Open | None:
        """Return a function that opens the file with this id, or None if the import cannot get the file."""
        if id in self._paths:
            return lambda: open(self._paths[id], "rb")
        if self.is_downloading and is_on_slack(address):
            return lambda: download(address)
        return None


def is_on_slack(address: str) -> bool:
    """Return whether an address is one of Slack, so that the file may be downloaded from it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme == "https" and any(host == known or host.endswith(f".{known}") for known in _HOSTS)


def download(address: str) -> IO[bytes] | None:
    """Return the bytes at an address of Slack, or None if the download fails."""
    try:
        response = outgoing.send("GET", address, seconds=DOWNLOAD_SECONDS, most_bytes=MAX_DOWNLOAD_BYTES)
    except OutgoingError:
        return None
    # Without the permission, Slack answers with the page of its login.
    is_page = response.headers.get("Content-Type", "").startswith("text/html") and ".htm" not in address
    if response.status_code != 200 or is_page or len(response.content) >= MAX_DOWNLOAD_BYTES:
        return None
    return io.BytesIO(response.content)
