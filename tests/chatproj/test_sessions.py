"""Login sessions: only a value that can be a key is looked up in the database."""

import pytest
from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from chatproj.db.sessions import SessionStore
from tests import wire

NO_KEYS = [
    '"\\000aaaaaaaa"',
    '"\\000' + "a" * 31 + '"',
    "a" * 41,
    "a" * 7,
    "A" * 32,
    "é" * 32,
    '"' + "a" * 32,
    "a b c d e f",
]


@pytest.fixture
def key(alice):
    return wire.browser_of(alice).cookies[settings.SESSION_COOKIE_NAME].value


@pytest.mark.parametrize("value", NO_KEYS)
def test_a_cookie_that_is_no_key_means_no_login_in_pages_and_sockets(value, room):
    assert Client().get("/api/session/", HTTP_COOKIE=f"sessionid={value}").json()["handle"] is None
    socket = wire.Socket("/chat/garden/", headers={"cookie": f"sessionid={value}"}).connect()
    assert socket.code == 4401


def test_sessions_of_both_engines_are_the_same(key, alice):
    assert SessionStore(key)["_auth_user_id"] == db.SessionStore(key)["_auth_user_id"] == str(alice.pk)
    changed = SessionStore(key)
    changed["a"] = 1
    changed.save()
    assert db.SessionStore(key)["a"] == 1


def test_a_session_that_has_expired_or_was_deleted_is_empty_and_has_no_key(key):
    for change in (lambda found: found.update(expire_date=timezone.now()), lambda found: found.delete()):
        change(Session.objects.filter(session_key=key))
        session = SessionStore(key)
        assert dict(session.items()) == {} and session.session_key is None
