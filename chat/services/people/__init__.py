"""
People: accounts with a password, guests who only have a handle, login sessions, and the tokens of bots.

This package writes Person, Token, KnownPlace and login sessions. It closes connections whose login or token ends.
"""

from .accounts import (
    check_password,
    find_person,
    get_person,
    sign_up,
    sign_up_guest,
    touch_seen,
)
from .browsers import find_browser, get_browser, keep_browser
from .handles import sweep_guests
from .logins import (
    BACKEND,
    HandleBackend,
    change_password,
    close_connections,
    disconnect,
    sign_in,
    sign_out,
    sweep_sessions,
)
from .page_keys import get_page_key
from .sign_ins import check_credentials, sweep_places
from .tokens import find_token, is_token_header, make_token, revoke_token

__all__ = [
    "BACKEND",
    "HandleBackend",
    "change_password",
    "check_credentials",
    "check_password",
    "close_connections",
    "disconnect",
    "find_browser",
    "find_person",
    "find_token",
    "get_browser",
    "get_page_key",
    "get_person",
    "is_token_header",
    "keep_browser",
    "make_token",
    "revoke_token",
    "sign_in",
    "sign_out",
    "sign_up",
    "sign_up_guest",
    "sweep_guests",
    "sweep_places",
    "sweep_sessions",
    "touch_seen",
]
