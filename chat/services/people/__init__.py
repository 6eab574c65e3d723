"""
People: accounts with a password, guests who only have a handle, login sessions, and the tokens of bots.

This package writes Person and what belongs to a person (Profile, Picture, Preferences, Token, Login, KnownPlace), and
login sessions. When a guest returns or an account is created or deleted, it also writes Member and Room. It closes
connections whose login or token ends.
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
from .deletion import DELETED, delete_account
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
from .own_data import write_own_data
from .own_logins import end_login, end_other_logins, list_logins
from .page_keys import get_page_key
from .pictures import find_picture, remove_picture, set_picture
from .preferences import LANGUAGES, PREFERENCES, change_preferences, describe_preferences, get_preferences
from .profiles import (
    PROFILE_FIELDS,
    change_profile,
    describe_person,
    find_profiles,
    find_zone,
    get_profile,
    search_people,
)
from .room_people import find_room_people
from .sign_ins import check_credentials, sweep_places
from .tokens import find_token, is_token_header, make_token, revoke_token

__all__ = [
    "BACKEND",
    "DELETED",
    "LANGUAGES",
    "PREFERENCES",
    "PROFILE_FIELDS",
    "HandleBackend",
    "change_password",
    "change_preferences",
    "change_profile",
    "check_credentials",
    "check_password",
    "close_connections",
    "delete_account",
    "describe_person",
    "describe_preferences",
    "disconnect",
    "end_login",
    "end_other_logins",
    "find_browser",
    "find_person",
    "find_picture",
    "find_profiles",
    "find_room_people",
    "find_token",
    "find_zone",
    "get_browser",
    "get_page_key",
    "get_person",
    "get_preferences",
    "get_profile",
    "is_token_header",
    "keep_browser",
    "list_logins",
    "make_token",
    "remove_picture",
    "revoke_token",
    "search_people",
    "set_picture",
    "sign_in",
    "sign_out",
    "sign_up",
    "sign_up_guest",
    "sweep_guests",
    "sweep_places",
    "sweep_sessions",
    "touch_seen",
    "write_own_data",
]
