"""The check of the site's files: the static files, the directory CHAT_VAR, and the space on its disk."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from channels_transport import Finding
from chat.http.static_files import find_outdated_files
from chatproj import local

# SQLite needs free space for its log of changes. A VACUUM or a backup needs as much space as the database.
LEAST_FREE_BYTES = 500_000_000


def check_static_files() -> list[Finding]:
    """Report missing and outdated static files, a CHAT_VAR that cannot be written, and a disk that is nearly full."""
    problems = [*_find_outdated(), *_check_var()]
    if problems:
        return [Finding.problem("static files", problem) for problem in problems]
    is_collected = os.path.isdir(settings.STATIC_ROOT) and not settings.DEBUG
    what = "The collected files are complete" if is_collected else "Files are served from the source folders"
    return [Finding.ok("static files", f"{what}, and the disk of {_find_folder()} has space.")]


def _find_outdated() -> Iterator[str]:
    folder = settings.STATIC_ROOT
    if settings.DEBUG:
        return
    if not os.path.isdir(folder):
        if settings.PUBLIC_URL:
            yield f"There are no static files in {folder}: run `manage.py collectstatic` with each release."
    elif outdated := find_outdated_files():
        yield (
            f"Static files are missing or outdated ({len(outdated)}), such as {outdated[0]} in {folder}: run"
            " `manage.py collectstatic` with each release, and restart the interfaces."
        )


def _check_var() -> Iterator[str]:
    folder = _find_folder()
    needs_folder = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") or not os.path.isdir(
        settings.STATIC_ROOT
    )
    if needs_folder and not os.access(folder, os.W_OK):
        yield f"This user may not write into {folder}: set CHAT_VAR to a directory that it may write into."
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        yield f"The disk of {folder} has only {free // 1_000_000} MB left: free space, or move CHAT_VAR."


def _find_folder() -> Path:
    """Return CHAT_VAR, or the nearest directory above it that exists."""
    return next(path for path in (local.VAR, *local.VAR.parents) if path.is_dir())
