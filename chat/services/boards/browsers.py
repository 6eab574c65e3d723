"""
Browsers on boards: make a browser's session id for a board, and check whether a browser owns a session id.

The login session of a browser contains one secret, and the digest of the cookie `browser`. The board's sockets need
this digest. The browser's session id on a board is an HMAC of the board's UUID with the secret. So a session id reveals
neither the secret nor the browser's other boards. The database stores only the digest of a session id. This module
reads and writes no rows.
"""

import base64
import hashlib
import hmac
import secrets
import uuid

from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from chat.models import Board

SESSION_FIELD = "board-visitor"  # holds the secret in a browser's login session
BROWSER_FIELD = "board-browser"  # holds the digest of the browser's id, as `people.get_browser` returns it


def make_session_id(session: SessionBase, board: Board, browser: str) -> str:
    """
    Return the browser's session id on this board. Store a new secret in its login session if the session has none.

    Also store `browser` in the login session: the digest of the browser's id. The browser's id remains when the login
    session ends. The secret stays the same when the person logs in. The secret expires with the login session, which
    every visit extends.
    """
    session[SESSION_FIELD] = session.get(SESSION_FIELD) or secrets.token_urlsafe(32)
    session[BROWSER_FIELD] = browser
    return derive_session_id(session[SESSION_FIELD], board.uuid)


def find_session_id(session: SessionBase, board: Board) -> str:
    """Return the browser's session id on this board. Do not change its login session."""
    return derive_session_id(session.get(SESSION_FIELD) or "", board.uuid)


def read_browser(session: SessionBase | None) -> str | None:
    """Return the digest of the browser's id from its login session, or None if the session does not contain it."""
    return session.get(BROWSER_FIELD) if session is not None else None


def is_new_browser(session: SessionBase) -> bool:
    """Return whether a login session has no secret yet: then the browser has visited no board with this session."""
    return SESSION_FIELD not in session


def derive_session_id(secret: str, board_uuid: uuid.UUID) -> str:
    """Compute the session id on a board from a browser's secret, and return it."""
    digest = hmac.new(secret.encode(), board_uuid.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def owns_session_id(session: SessionBase | None, session_id: str, board_uuid: uuid.UUID) -> bool:
    """Return whether the browser with this login session owns a session id. Both answers take the same time."""
    secret = (session.get(SESSION_FIELD) if session is not None else None) or ""
    return constant_time_compare(derive_session_id(secret, board_uuid), session_id) and secret != ""
