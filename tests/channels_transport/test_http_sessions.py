"""`message.http_session` of a handshake: it is the session that Channels' own decorator finds."""

import channels.sessions
import pytest
from channels.message import Message

from channels_transport import auth

KEY, OTHER = "a" * 32, "b" * 32
COOKIE = b"sessionid=" + KEY.encode()
# (a handshake, the key of its session)
HANDSHAKES = [
    ({}, None),
    ({"headers": []}, None),
    ({"headers": [[b"host", b"testserver"], [b"cookie", b"csrftoken=x"]]}, None),
    ({"headers": [[b"cookie", b"sessionid="]]}, None),
    ({"headers": [[b"cookie", b"sessionid=aaaaaaa"]]}, None),  # too short for a key
    ({"headers": [[b"cookie", COOKIE]]}, KEY),
    ({"headers": [[b"cookie", b"csrftoken=x; " + COOKIE]], "query_string": b"cursor=5&epoch=0"}, KEY),
    ({"headers": [[b"cookie", b"csrftoken=x"], [b"host", b"testserver"]], "query_string": ""}, None),
    ({"headers": {"cookie": COOKIE}}, KEY),
    ({"headers": [[b"cookie", COOKIE]], "query_string": f"session_key={OTHER}".encode()}, OTHER),
    ({"headers": [[b"cookie", COOKIE]], "query_string": f"session_key={OTHER}"}, OTHER),
    ({"headers": [[b"cookie", COOKIE]], "query_string": f"session%5Fkey={OTHER}".encode()}, OTHER),
    ({"headers": [[b"cookie", COOKIE]], "query_string": b"cursor=%35"}, KEY),
    ({"headers": [[b"cookie", b"a=b"], [b"cookie", COOKIE]]}, None),  # as in Channels, a comma joins the headers
]


def find_key(decorate, handshake):
    """Return the key of the session that a decorator finds, or None."""
    content = {"reply_channel": "daphne.response.abc!a", "path": "/", **handshake}
    session = decorate(lambda message: message.http_session)(Message(content, "websocket.connect", None))
    return session and session.session_key


@pytest.mark.parametrize("handshake, key", HANDSHAKES)
def test_the_session_of_a_handshake_is_the_one_that_channels_finds(handshake, key):
    assert find_key(auth.http_session, handshake) == find_key(channels.sessions.http_session, handshake) == key


@pytest.mark.django_db
def test_a_session_that_a_consumer_changes_is_saved(alice):
    from tests import wire  # imports the chat

    key = wire.browser_of(alice).cookies["sessionid"].value
    headers = [[b"cookie", f"sessionid={key}".encode()]]

    def connect(change):
        message = Message({"reply_channel": "a!b", "path": "/", "headers": headers}, "websocket.connect", None)
        return auth.http_session(change)(message)

    connect(lambda message: message.http_session.update({"word": "rose"}))
    assert connect(lambda message: message.http_session["word"]) == "rose"


def test_nested_decorators_share_one_session():
    handshake = {"headers": [[b"cookie", COOKIE]]}
    found = []

    @auth.http_session
    def inner(message):
        found.append(message.http_session)
        return message.http_session

    def decorate(consumer):
        return auth.http_session(lambda message: found.append(message.http_session) or inner(message))

    assert find_key(decorate, handshake) == KEY
    assert found[0] is found[1]
