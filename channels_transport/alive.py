"""
The file with which a process without HTTP shows that it works: a supervisor looks at the age of the file.

The loops of workers and delay servers touch the file, also during an outage of Redis or the database. So the file is
old only if the process hangs or has ended. This module must not use Redis.
"""

from __future__ import annotations

import logging
import math
import os
import time

from django.conf import settings

from .log_throttle import LogThrottle

TOUCH_SECONDS = 1

_throttle = LogThrottle(logging.getLogger(__name__), LogThrottle.ONCE)
_touch_at = -math.inf


def touch_alive_file() -> None:
    """
    Give the file of the setting ALIVE_FILE the current time, at most once a second. Create the file if it is missing.

    Do nothing without the setting. Long work calls this function between its steps. Raise nothing: if the file cannot
    be written, log one line.
    """
    global _touch_at
    if time.monotonic() < _touch_at:
        return
    _touch_at = time.monotonic() + TOUCH_SECONDS
    path = getattr(settings, "ALIVE_FILE", None)
    if not path:
        return
    try:
        with open(path, "ab"):
            os.utime(path)
    except OSError as error:
        _throttle.warning("ALIVE_FILE cannot be written: %s", error)
