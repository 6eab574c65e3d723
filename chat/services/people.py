"""
People: accounts with a password, guests with only a handle, and the tokens of bots.

Writes Person, Token and login sessions; closes the sockets that a login or a token let in once it ends.
"""
import hashlib
import logging
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Person, Token, make_handle_key
from chat.protocol import CLOSE_NOT_SIGNED_IN, Refused

logger = logging.getLogger(__name__)

MAX_PASSWORD = 1000  # characters; hashing a megabyte would be somebody else's wait
MAX_TOKEN_NAME = 80  # characters
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
        raise Refused("too_long", f"A password has at most {MAX_PASSWORD} characters.")
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Refused("invalid_field", " ".join(error.messages)) from None
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
        raise Refused("taken", "Somebody else has this handle.") from None
    return person


def _free_handle(key, visitor):
    """Takes the handle off a guest: the visitor's own, or one not seen for as long as a login session lasts."""
    deadline = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    is_free = Q(seen_at__lt=deadline) | Q(id=visitor.id if visitor is not None else None)
    Person.objects.filter(is_free, handle_key=key, is_guest=True).update(handle_key=None, is_active=False)


def find_person(handle, password):
    """Returns the person whose handle and password these are, or None."""
    if not isinstance(handle, str) or not isinstance(password, str) or len(password) > MAX_PASSWORD:
        return None
    if "\0" in handle or len(handle) > protocol.MAX_HANDLE:
        return None
    return auth.authenticate(None, username=handle, password=password)


def sign_in(request, person):
    """Makes the browser's session this person's."""
    leave_session(request)
    auth.login(request, person, backend=BACKEND)
    touch_seen(person, always=True)


def sign_out(request):
    """Ends the browser's session."""
    leave_session(request)
    auth.logout(request)


def leave_session(request):
    """Closes the sockets that this browser's session let in. A guest is gone with it, and their handle is free."""
    person = request.user
    if not person.is_authenticated or not request.session.session_key:
        return
    if person.is_guest:
        Person.objects.filter(id=person.id).update(handle_key=None, is_active=False)
    group = broadcast.credential_group(session_key=request.session.session_key)
    transaction.on_commit(lambda: broadcast.close_group(group, CLOSE_NOT_SIGNED_IN))


def change_password(request, old, new):
    """Gives the signed-in person a new password; all their other sessions end. Raises `forbidden` or a refusal."""
    person = request.user
    if person.is_guest or not person.check_password(protocol.check_string(old, "old_password")):
        raise Refused("forbidden", "This is not your password.")
    person.set_password(check_password(new, person))
    person.save(update_fields=["password"])
    auth.update_session_auth_hash(request, person)
    member_ids = list(person.memberships.values_list("id", flat=True))
    transaction.on_commit(lambda: _close_all(member_ids))


def _close_all(member_ids):
    # 4408 and not 4401: who is still signed in comes back at once, everybody else is told so when they try.
    for member_id in member_ids:
        broadcast.close_group(broadcast.member_group(member_id), protocol.CLOSE_CONNECTION_LOST)


def touch_seen(person, always=False):
    """Remembers that the person was here, at most once an hour."""
    now = timezone.now()
    if always or now - person.seen_at > SEEN_EVERY:
        Person.objects.filter(id=person.id).update(seen_at=now)


def make_token(person, name):
    """Returns (token, key). The key is shown this once; only its digest is stored. Raises `forbidden` for guests."""
    if person.is_guest:
        raise Refused("forbidden", "Guests have no tokens. Sign up for an account.")
    name = protocol.check_text(name, "name", MAX_TOKEN_NAME)
    key = secrets.token_urlsafe(32)
    return Token.objects.create(person=person, name=name, digest=_token_digest(key)), key


def revoke_token(person, token_id):
    """Ends a token and the sockets that it let in. Raises `not_found`."""
    deleted, _ = Token.objects.filter(person=person, id=token_id).delete()
    if not deleted:
        raise Refused("not_found", "You have no such token.")
    group = broadcast.credential_group(token_id=token_id)
    transaction.on_commit(lambda: broadcast.close_group(group, CLOSE_NOT_SIGNED_IN))


def find_token(header):
    """Returns the token that an Authorization header carries, with its active person, or None."""
    scheme, _, key = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        return None
    tokens = Token.objects.select_related("person").filter(digest=_token_digest(key.strip()))
    return tokens.filter(person__is_active=True).first()


def _token_digest(key):
    # A key has 256 random bits: a plain hash is enough, nothing can be guessed from it.
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
