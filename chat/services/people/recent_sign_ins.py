"""
Recent sign-ins at the provider of OpenID Connect. They replace the password for accounts that have none.

This module writes the browser's session, and no rows.
"""

import time

from django.contrib.sessions.backends.base import SessionBase

RECENT = "openid-recent"  # holds who has signed in at the provider just now, and when
RECENT_SECONDS = 600


def keep_recent(session: SessionBase, person_id: int) -> None:
    """Store in the browser's session that a person has just proved at the provider who they are."""
    session[RECENT] = {"person": person_id, "at": time.time()}


def is_recent(session: SessionBase, person_id: int) -> bool:
    """Return whether a person has proved in the last RECENT_SECONDS, in this browser, who they are."""
    kept = session.get(RECENT) or {}
    return kept.get("person") == person_id and 0 <= time.time() - kept["at"] <= RECENT_SECONDS
