"""
Waits for files and sockets until one of them can be read. The module does not depend on Redis.
"""

from __future__ import annotations

import select
from collections.abc import Iterable
from typing import Any


def find_readable(files: Iterable[Any], seconds: float) -> list[Any]:
    """
    Return the files that can be read, as soon as there is one, or an empty list after `seconds`.

    This function does not use select(), which fails for a file with a number above 1023.
    """
    poll, files_by_number = select.poll(), {}
    for file in files:
        files_by_number[file if isinstance(file, int) else file.fileno()] = file
        poll.register(file, select.POLLIN)
    return [files_by_number[number] for number, _ in poll.poll(seconds * 1000)]
