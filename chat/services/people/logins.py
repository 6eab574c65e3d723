"""
Login sessions: sign in and out, change a password, and close the connections that a login has opened.

This module writes login sessions, passwords, and the handle of a guest who signs out.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.contrib import auth
from django.contrib.auth import hashers
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from channels_transport import call_later
from chat import broadcast
from chat.models import AccountEntry, Person
from chat.protocol import CLOSE_CONNECTION_LOST, CLOSE_FORBIDDEN, CLOSE_NOT_SIGNED_IN
from chat.services import entry, mails, numbers
from chat.services.after_commit import after_commit, close_after_commit
from chat.services.free_rows import delete_free_rows
from chat.services.rooms import get_room

from .account_log import record_change
from .accounts import check_password, get_person, touch_seen
from .browsers import get_browser
from .handles import release_handle
from .own_logins import end_other_logins, forget_logins, move_login, remember_login
from .sign_ins import check_own_password, forget_other_places, remember_place
from .tokens import end_tokens

RESPONSE_SECONDS = 1  # the time after which the response to a request has reached the browser
MAX_SESSIONS_PER_SWEEP = 400  # older versions of SQLite allow 999 parameters
# Every login session contains this name, so a change of the name would sign everybody out.
BACKEND = "chat.services.people.HandleBackend"


class HandleBackend(ModelBackend):
    """
    The backend that authenticates people by handle, in any spelling that means only one account. Guests cannot sign in:
    they have no password.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Person | None:
        """Return the person with this handle and password, or None."""
        if username is None or password is None:
            return None
        login = Person.objects.find_login(username)
        # Without the right password of an active person, all cases run the same queries.
        is_right = _is_password(password, login)
        return self.get_user(login.id) if login and login.is_active and is_right else None

    def user_can_authenticate(self, user: Person) -> bool:
        """Return whether a person may be signed in: active, no bot, and no guest if the site is closed to guests."""
        return super().user_can_authenticate(user) and not user.is_bot and entry.is_admitted(user)

    def get_user(self, user_id: int) -> Person | None:
        """Return the person with this id, if this person may be signed in, or None."""
        person = Person.objects.find_by_id(user_id)
        return person if person is not None and self.user_can_authenticate(person) else None


def _is_password(password, login):
    """Return whether a login has this password. Take the same time if there is no login, or if it has no password."""
    if login is None or not hashers.is_password_usable(login.password):
        hashers.make_password(password)
        return False

    def store(password):
        # The password was stored with fewer rounds, or by an older hasher.
        Person.objects.filter(id=login.id).update(password=hashers.make_password(password))

    return hashers.check_password(password, login.password, store)


def sign_in(request: HttpRequest, person: Person) -> None:
    """
    Log a person in with the browser's session, and end the earlier login of the browser.

    Store when the person was seen last. For an account, also store the login and its known places.
    """
    with _ending_session(request):
        auth.login(request, person, backend=BACKEND)
    numbers.count_sign_in(person.is_guest)
    touch_seen(person, always=True)
    if person.is_guest:
        get_browser(request)  # the browser keeps the id that the guest has
    else:
        remember_place(request, person)
        remember_login(request, person)


def sign_out(request: HttpRequest) -> None:
    """End the browser's login session."""
    with _ending_session(request):
        auth.logout(request)


@contextmanager
def _ending_session(request) -> Iterator[None]:
    """
    Run a block that ends a browser's session, and then close the connections of the session.

    A guest who signs out is deactivated, and `release_handle` decides about the handle.
    """
    person, session_key = request.user, request.session.session_key
    was_signed_in = person.is_authenticated  # read before the block, because `request.user` is evaluated lazily
    yield
    if session_key is None:
        return
    # The connections are closed after the block, so that a client that reconnects at once does not find the old
    # session.
    group = broadcast.credential_group(session_key=session_key)
    if not was_signed_in:
        # The browser may visit boards. Its new session keeps the secret for boards, so its tabs reconnect with the new
        # cookie.
        _close_later(group)
        return
    forget_logins([session_key])
    if person.is_guest:
        release_handle(person)
    close_after_commit(group, CLOSE_NOT_SIGNED_IN)


def _close_later(group):
    """Close the connections of a login with 4408 after the response, so that clients reconnect with the new cookie."""
    after_commit(
        f"close the connections of {group} later",
        lambda: call_later(RESPONSE_SECONDS, ("login", group), broadcast.close_group, group, CLOSE_CONNECTION_LOST),
    )


def change_password(request: HttpRequest, old: Any, new: Any) -> None:
    """
    Store a new password of the signed-in person. End all their other login sessions, and their tokens, except tokens
    that survive a change of the password.

    Forget all known places except that of this browser, and tell the person by mail. Close the connections of the
    person, except those of the tokens that stay. Raise as `check_own_password` does, or the error of a field.
    """
    person = request.user
    check_own_password(request, old, field="old_password")
    own = broadcast.credential_group(session_key=request.session.session_key)
    person.set_password(check_password(new, person))
    with transaction.atomic():
        person.save(update_fields=["password"])
        record_change(AccountEntry.PASSWORD, person, person, request)
        mails.post_mail("password_changed", person, site=mails.get_site_address(request))
    old_key = request.session.session_key
    auth.update_session_auth_hash(request, person)
    move_login(old_key, request.session.session_key)
    end_other_logins(person, request.session.session_key)
    end_tokens(person, spare_surviving=True)
    forget_other_places(request, person)
    close_connections(person, but=[own, *find_token_groups(person)])
    # This browser's tabs reconnect at once, and need the new cookie to reconnect.
    _close_later(own)


def find_token_groups(person: Person) -> list[str]:
    """Return the groups of the connections that were opened with a person's tokens."""
    return [broadcast.credential_group(token_id=id) for id in person.tokens.values_list("id", flat=True)]


def close_connections(person: Person, but: Sequence[str] = ()) -> None:
    """Close all connections of a person with 4401 after the commit; spare connections in the groups `but`."""
    groups = [broadcast.member_group(id) for id in person.memberships.values_list("id", flat=True)]
    groups += [broadcast.person_group(person.id), broadcast.limited_group(person.id)]
    groups.append(broadcast.operator_group(person.id))
    groups += [broadcast.visitor_group(digest) for digest in person.visits.values_list("digest", flat=True)]
    for group in groups:
        close_after_commit(group, CLOSE_NOT_SIGNED_IN, but)


def disconnect(whom: Person | str, slug: str | None = None) -> Person:
    """
    Close the connections of a person (`whom`: a Person or a handle) with 4403: in one room, or in all rooms
    and the person's own streams.

    The person keeps all rights, and may reconnect. Return the person. Raise `not_found` for the handle or the room.
    """
    person = get_person(whom)
    members = person.memberships.all() if slug is None else person.memberships.filter(room=get_room(slug))
    groups = [broadcast.member_group(id) for id in members.values_list("id", flat=True)]
    if slug is None:
        groups += [broadcast.person_group(person.id), broadcast.limited_group(person.id)]
    # `close_after_commit` would hide a failure. Nothing is stored here, so the operator must see a failure.
    for group in groups:
        transaction.on_commit(partial(broadcast.close_group, group, CLOSE_FORBIDDEN))
    return person


def sweep_sessions() -> int:
    """
    Delete at most MAX_SESSIONS_PER_SWEEP login sessions that have expired, and close their connections.

    Return how many were deleted.
    """
    expired = Session.objects.filter(expire_date__lt=timezone.now())
    keys = delete_free_rows(expired, MAX_SESSIONS_PER_SWEEP)
    forget_logins(keys)
    for key in keys:
        # Without this close, a client that sends nothing would keep its connection. The client reconnects, and the
        # handshake finds no login.
        close_after_commit(broadcast.credential_group(session_key=key), CLOSE_CONNECTION_LOST)
    return len(keys)
