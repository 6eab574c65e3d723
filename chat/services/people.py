"""
People: accounts with a password, guests with only a handle, and the tokens of bots.

Writes Person, Token and login sessions; closes the sockets that a login or a token let in once it ends, and those of
whom an operator disconnects.
"""

import hashlib
import secrets
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from channels_transport import call_later
from chat import broadcast, protocol
from chat.models import Person, Token, make_handle_key
from chat.protocol import CLOSE_CONNECTION_LOST, CLOSE_FORBIDDEN, CLOSE_NOT_SIGNED_IN, ChatError

from .after_commit import after_commit, close_after_commit
from .rooms import get_room

MAX_PASSWORD = 1000  # characters; hashing a megabyte would be somebody else's wait
MAX_TOKEN_NAME = 80  # characters
ANSWER_SECONDS = 1  # within which the answer to a request has reached the browser
SWEPT_AT_ONCE = 1000  # rows
SEEN_EVERY = timedelta(hours=1)  # how exactly we know when a person was last here


class HandleBackend(ModelBackend):
    """Signs people in by handle, ignoring case. Guests have no password and cannot."""

    def authenticate(self, request, username=None, password=None, **kwargs):
        if username is None or password is None:
            return None
        person = Person.objects.filter(handle_key=make_handle_key(username)).first()
        if person is None or not person.has_usable_password():
            # As much work as for a real one, so that the answer's time does not tell who exists.
            Person().set_password(password)
            return None
        return person if person.check_password(password) and self.user_can_authenticate(person) else None


BACKEND = f"{HandleBackend.__module__}.{HandleBackend.__name__}"


def sign_up(handle, password, visitor=None):
    """
    Makes an account and returns its person. A guest who signs up (`visitor`) may keep the handle they have.

    Raises `taken`, or a field's refusal.
    """
    person = _new_person(handle)
    person.set_password(check_password(password, person))
    return _save_new(person, visitor)


def sign_up_guest(handle):
    """Makes a guest of this handle and returns the person. Raises `taken`, or a field's refusal."""
    person = _new_person(handle, is_guest=True)
    person.set_unusable_password()
    return _save_new(person)


def check_password(password, person=None):
    """Returns a new password that is good enough. Raises `invalid_field` or `too_long`."""
    if len(protocol.check_string(password, "password")) > MAX_PASSWORD:
        raise ChatError("too_long", f"A password has at most {MAX_PASSWORD} characters.")
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise ChatError("invalid_field", " ".join(error.messages)) from None
    return password


def _new_person(handle, **fields):
    handle = protocol.check_handle(handle)
    return Person(handle=handle, handle_key=make_handle_key(handle), **fields)


def _save_new(person, visitor=None):
    try:
        with transaction.atomic():
            _free_handle(person.handle_key, visitor)
            person.save()
    except IntegrityError:
        raise ChatError("taken", "Somebody else has this handle.") from None
    return person


def _free_handle(key, visitor):
    """Takes the handle off a guest: the visitor's own, or one not seen for as long as a login session lasts."""
    is_free = Q(seen_at__lt=_unseen_since()) | Q(id=visitor.id if visitor is not None else None)
    Person.objects.filter(is_free, handle_key=key, is_guest=True).update(handle_key=None, is_active=False)


def _unseen_since():
    """Returns the moment before which a guest was last seen who has no login session any more."""
    return timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)


def get_person(whom):
    """Returns the active person of a handle, ignoring case; a Person as it is. Raises `not_found`, `invalid_field`."""
    if isinstance(whom, Person):
        return whom
    key = make_handle_key(protocol.check_string(whom, "handle"))
    person = Person.objects.filter(handle_key=key, is_active=True).first()
    if person is None:
        raise ChatError("not_found", "There is nobody with this handle.")
    return person


def find_ids(handles):
    """Returns the ids of the people who have these handles now."""
    keys = [make_handle_key(handle) for handle in handles]
    return list(Person.objects.filter(handle_key__in=keys).values_list("id", flat=True))


def find_person(handle, password):
    """Returns the person whose handle and password these are, or None."""
    if not isinstance(handle, str) or not isinstance(password, str) or len(password) > MAX_PASSWORD:
        return None
    if "\0" in handle or len(handle) > protocol.MAX_HANDLE:
        return None
    return auth.authenticate(None, username=handle, password=password)


def sign_in(request, person):
    """Makes the browser's session this person's."""
    with _leaving_session(request):
        auth.login(request, person, backend=BACKEND)
    touch_seen(person, always=True)


def sign_out(request):
    """Ends the browser's session."""
    with _leaving_session(request):
        auth.logout(request)


@contextmanager
def _leaving_session(request):
    """
    Around the end of a browser's session: closes the sockets that it let in. A guest is gone with it, and their
    handle is free.
    """
    person, session_key = request.user, request.session.session_key
    was_signed_in = person.is_authenticated  # now: the user is found out when it is first asked for
    yield
    if session_key is None:
        return
    # Only now that the session is gone: a socket that comes back at once must not find it.
    group = broadcast.credential_group(session_key=session_key)
    if not was_signed_in:
        # A visitor of boards, whose secret goes on in the new session: the tabs come back with its cookie.
        _close_later(group)
        return
    if person.is_guest:
        Person.objects.filter(id=person.id).update(handle_key=None, is_active=False)
    close_after_commit(group, CLOSE_NOT_SIGNED_IN)


def _close_later(group):
    """Has the connections that a login let in come back with the cookie that is in the answer to this request."""
    after_commit(
        f"close the connections of {group} later",
        lambda: call_later(ANSWER_SECONDS, ("login", group), broadcast.close_group, group, CLOSE_CONNECTION_LOST),
    )


def change_password(request, old, new):
    """Gives the signed-in person a new password; all their other sessions end. Raises `forbidden` or a refusal."""
    person = request.user
    if person.is_guest or not person.check_password(protocol.check_string(old, "old_password")):
        raise ChatError("forbidden", "This is not your password.")
    own = broadcast.credential_group(session_key=request.session.session_key)
    person.set_password(check_password(new, person))
    person.save(update_fields=["password"])
    auth.update_session_auth_hash(request, person)
    tokens = [broadcast.credential_group(token_id=id) for id in person.tokens.values_list("id", flat=True)]
    close_sockets(person, but=[own, *tokens])
    # This browser's tabs come back at once, and by then they must hold the new cookie.
    _close_later(own)


def close_sockets(person, but=()):
    """Closes all sockets of a person as signed out, except those in the groups `but`."""
    groups = [broadcast.member_group(id) for id in person.memberships.values_list("id", flat=True)]
    groups.append(broadcast.operator_group(person.id))
    groups += [broadcast.visitor_group(digest) for digest in person.visits.values_list("digest", flat=True)]
    for group in groups:
        close_after_commit(group, CLOSE_NOT_SIGNED_IN, but)


def disconnect(whom, slug=None):
    """
    Closes the sockets of a person (`whom`: a Person or a handle) as not allowed any more, in one room or in all. It
    takes no right away: they may come again. Returns the person. Raises `not_found` for the handle or the room.
    """
    person = get_person(whom)
    standings = person.memberships.all() if slug is None else person.memberships.filter(room=get_room(slug))
    groups = [broadcast.member_group(id) for id in standings.values_list("id", flat=True)]
    # Not `close_after_commit`: nothing is stored, so an operator has to hear of a failure.
    transaction.on_commit(lambda: [broadcast.close_group(group, CLOSE_FORBIDDEN) for group in groups])
    return person


def touch_seen(person, always=False):
    """Remembers that the person was here, at most once an hour."""
    now = timezone.now()
    if always or now - person.seen_at > SEEN_EVERY:
        Person.objects.filter(id=person.id).update(seen_at=now)


def make_token(person, name):
    """Returns (token, key). The key is shown this once; only its digest is stored. Raises `forbidden` for guests."""
    if person.is_guest:
        raise ChatError("forbidden", "Guests have no tokens. Sign up for an account.")
    name = protocol.check_text(name, "name", MAX_TOKEN_NAME)
    key = secrets.token_urlsafe(32)
    return Token.objects.create(person=person, name=name, digest=_token_digest(key)), key


def revoke_token(person, token_id):
    """Ends a token and the sockets that it let in. Raises `not_found`."""
    if not Token.objects.filter(person=person, id=token_id).delete()[0]:
        raise ChatError("not_found", "You have no such token.")
    group = broadcast.credential_group(token_id=token_id)
    close_after_commit(group, CLOSE_NOT_SIGNED_IN)


def find_token(header):
    """Returns the token that an Authorization header carries, with its active person, or None."""
    if not is_token_header(header):
        return None
    _, _, key = header.partition(" ")
    tokens = Token.objects.select_related("person").filter(digest=_token_digest(key.strip()))
    return tokens.filter(person__is_active=True).first()


def is_token_header(header):
    """Whether an Authorization header (None: there is none) claims to carry a token, valid or not."""
    return header is not None and header.lower().startswith("bearer ")


def _token_digest(key):
    # A key has 256 random bits: a plain hash is enough, nothing can be guessed from it.
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def sweep_sessions():
    """Deletes login sessions that have expired. Returns how many."""
    expired = Session.objects.filter(expire_date__lt=timezone.now())
    return Session.objects.filter(session_key__in=expired.values("session_key")[:SWEPT_AT_ONCE]).delete()[0]


def sweep_guests():
    """Ends guests not seen for as long as a login session lasts, and frees their handles. Returns how many."""
    expired = Person.objects.filter(is_guest=True, is_active=True, seen_at__lt=_unseen_since())
    ids = expired.values("id")[:SWEPT_AT_ONCE]
    return expired.filter(id__in=ids).update(handle_key=None, is_active=False)
