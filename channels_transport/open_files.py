"""The limit of open files of a process. Each websocket needs a file, and the default of many systems is 1024."""

from __future__ import annotations

import contextlib
import resource

OPEN_FILES = 65536


def raise_file_limit() -> None:
    """Raise the limit for this process and its children to OPEN_FILES, as far as permitted. Ignore a refusal."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
