"""
People: accounts, guests who only have a handle, login sessions, and the tokens with which programs use accounts.

This package writes Person and what belongs to a person (Profile, Picture, Preferences, Token, Login, ExternalLogin,
KnownPlace, SecondFactor, RecoveryCode, EmailAddress, AccountEntry), and login sessions. When a guest returns or an
account is created or deleted, it also writes Member and Room. It closes connections whose login or token ends.
"""

from .accounts import (
    check_password,
    find_person,
    get_person,
    sign_up,
    sign_up_guest,
    touch_seen,
)
from .bots import make_bot, rename_bot, retire_bot, sweep_bots
from .browsers import find_browser, get_browser, keep_browser
from .deletion import DELETED, delete_account
from .emails import (
    change_email,
    check_email,
    find_unverified,
    get_email,
    request_verification,
    verify_email,
)
from .everywhere import Ended, end_access, sign_out_everywhere
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
from .password_resets import get_reset_person, request_reset, reset_password
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
from .recent_sign_ins import is_recent, keep_recent
from .recovery_codes import count_codes
from .room_people import find_room_people
from .second_factor import find_second_factor, is_required, must_set_up
from .second_factor_changes import (
    cancel_setup,
    confirm_setup,
    find_setup,
    has_proof,
    make_recovery_codes,
    start_setup,
    switch_off,
    switch_off_for,
)
from .sign_in_steps import begin_sign_in, find_pending, finish_sign_in
from .sign_ins import check_credentials, sweep_places
from .tokens import (
    MAX_TOKEN_ROOMS,
    TokenLimits,
    end_tokens,
    find_token,
    is_token_header,
    list_tokens,
    make_token,
    revoke_token,
    sweep_tokens,
    touch_token,
)

__all__ = [
    "BACKEND",
    "DELETED",
    "LANGUAGES",
    "MAX_TOKEN_ROOMS",
    "PREFERENCES",
    "PROFILE_FIELDS",
    "Ended",
    "HandleBackend",
    "TokenLimits",
    "begin_sign_in",
    "cancel_setup",
    "change_email",
    "change_password",
    "change_preferences",
    "change_profile",
    "check_credentials",
    "check_email",
    "check_password",
    "close_connections",
    "confirm_setup",
    "count_codes",
    "delete_account",
    "describe_person",
    "describe_preferences",
    "disconnect",
    "end_access",
    "end_login",
    "end_other_logins",
    "end_tokens",
    "find_browser",
    "find_pending",
    "find_person",
    "find_picture",
    "find_profiles",
    "find_room_people",
    "find_second_factor",
    "find_setup",
    "find_token",
    "find_unverified",
    "find_zone",
    "finish_sign_in",
    "get_browser",
    "get_email",
    "get_page_key",
    "get_person",
    "get_preferences",
    "get_profile",
    "is_recent",
    "get_reset_person",
    "has_proof",
    "is_required",
    "is_token_header",
    "keep_browser",
    "keep_recent",
    "list_logins",
    "list_tokens",
    "make_bot",
    "make_recovery_codes",
    "make_token",
    "must_set_up",
    "remove_picture",
    "rename_bot",
    "request_reset",
    "request_verification",
    "reset_password",
    "retire_bot",
    "revoke_token",
    "search_people",
    "set_picture",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "sign_up",
    "sign_up_guest",
    "start_setup",
    "sweep_bots",
    "sweep_guests",
    "sweep_places",
    "sweep_sessions",
    "sweep_tokens",
    "switch_off",
    "switch_off_for",
    "touch_seen",
    "touch_token",
    "verify_email",
    "write_own_data",
]
