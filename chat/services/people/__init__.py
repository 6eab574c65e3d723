"""
People: accounts with a password, guests who only have a handle, login sessions, and the tokens of bots.

This package writes Person, Token and login sessions. It closes connections whose login or token ends.
"""

from .accounts import (
    check_password,
    find_person,
    get_person,
    sign_up,
    sign_up_guest,
    sweep_guests,
    touch_seen,
)
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
from .tokens import find_token, is_token_header, make_token, revoke_token

__all__ = [
    "BACKEND",
    "HandleBackend",
    "change_password",
    "check_password",
    "close_connections",
    "disconnect",
    "find_person",
    "find_token",
    "get_page_key",
    "get_person",
    "is_token_header",
    "make_token",
    "revoke_token",
    "sign_in",
    "sign_out",
    "sign_up",
    "sign_up_guest",
    "sweep_guests",
    "sweep_sessions",
    "touch_seen",
]
