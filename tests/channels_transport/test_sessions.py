"""Channel sessions are stored apart from login sessions, log nobody in, and end with their connections."""

import threading

import pytest
import redis
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.exceptions import ConsumeLater
from channels.message import Message
from channels.sessions import session_for_reply_channel
from django.contrib.sessions.backends.base import CreateError
from django.contrib.sessions.models import Session
from django.test import Client

from channels_transport import leases, session_backends, sessions
from channels_transport.layer import RedisChannelLayer

NAME = "daphne.response.abc!def"


@pytest.fixture(params=["memory", "redis"])
def backend(request, monkeypatch):
    if request.param == "memory":
        chosen = session_backends.MemoryBackend()
    else:
        chosen = session_backends.RedisBackend(RedisChannelLayer(hosts=[request.getfixturevalue("valkey_url")]))
    monkeypatch.setattr(sessions, "_backend", lambda: chosen)
    return chosen


def test_a_session_is_found_again_by_its_reply_channel(backend):
    session = session_for_reply_channel(NAME)
    assert not session.exists(session.session_key)
    session.save(must_create=True)
    session["handle"] = "Zoë"
    session["address"] = None
    session.save()
    found = session_for_reply_channel(NAME)
    assert found.exists(found.session_key)
    assert (found["handle"], found["address"]) == ("Zoë", None)
    assert "handle" not in session_for_reply_channel(NAME + "x")


def test_a_session_is_created_only_once(backend):
    session_for_reply_channel(NAME).save(must_create=True)
    with pytest.raises(CreateError):
        session_for_reply_channel(NAME).save(must_create=True)


def test_a_flushed_session_is_gone(backend):
    session = session_for_reply_channel(NAME)
    session["handle"] = "Alice"
    session.save()
    session.flush()
    assert "handle" not in session_for_reply_channel(NAME)
    session.delete("nothing")


def test_a_session_creates_no_key_by_itself(backend):
    with pytest.raises(CreateError):
        sessions.SessionStore().create()
    sessions.SessionStore.clear_expired()


@pytest.mark.parametrize("text", ["bm90IG91cnM6eyJhIjogMX0=", "[]", "12345678", "null", '"a"', "[" * 100_000])
def test_a_session_that_cannot_be_decoded_counts_as_empty(backend, text):
    session = session_for_reply_channel(NAME)
    backend.save(session.session_key, text, 60, False)
    assert session_for_reply_channel(NAME).get("a") is None


def test_a_session_in_memory_ends_with_its_lease(clock):
    backend = session_backends.MemoryBackend()
    backend.save("key", "value", 30, True)
    assert not backend.save("key", "other", 30, True)
    clock.pass_by(31)
    assert backend.load("key") is None
    assert backend.save("key", "other", 30, True)


def test_reading_renews_a_session_in_memory(clock):
    backend = session_backends.MemoryBackend()
    backend.save("key", "value", leases.SESSION_LEASE_SECONDS, True)
    clock.pass_by(leases.SESSION_LEASE_SECONDS - 1)
    assert backend.load("key") == "value"
    clock.pass_by(leases.SESSION_LEASE_SECONDS - 1)
    assert backend.load("key") == "value"


def test_a_session_in_redis_has_a_lease_that_reading_renews(valkey_url):
    backend = session_backends.RedisBackend(RedisChannelLayer(hosts=[valkey_url], prefix="chat:"))
    client = redis.StrictRedis.from_url(valkey_url)
    backend.save("key", "value", 30, True)
    assert client.keys("*") == [b"chat:session:key"]
    assert 0 < client.ttl("chat:session:key") <= 30
    assert backend.load("key") == "value"
    assert client.ttl("chat:session:key") > leases.SESSION_LEASE_SECONDS - 10


def test_reading_does_not_shorten_a_longer_expiry_in_redis(valkey_url):
    backend = session_backends.RedisBackend(RedisChannelLayer(hosts=[valkey_url], prefix="chat:"))
    seconds = leases.SESSION_LEASE_SECONDS + 1000
    backend.save("key", "value", seconds, True)
    assert backend.load("key") == "value"
    assert redis.StrictRedis.from_url(valkey_url).ttl("chat:session:key") > seconds - 10


def test_a_session_keeps_its_own_expiry(backend):
    session = session_for_reply_channel(NAME)
    assert session.get_expiry_age() == leases.SESSION_LEASE_SECONDS
    session.set_expiry(30)
    session.save()
    assert session_for_reply_channel(NAME).get_expiry_age() == 30


def test_the_layer_in_memory_stores_sessions_in_memory():
    assert isinstance(sessions._backend(), session_backends.MemoryBackend)
    assert sessions._backend() is sessions._backend()


def test_the_layer_in_redis_stores_sessions_in_redis(valkey_url, monkeypatch):
    wrapper = channel_layers["default"]
    monkeypatch.setattr(wrapper, "channel_layer", RedisChannelLayer(hosts=[valkey_url]))
    assert isinstance(sessions._backend(), session_backends.RedisBackend)


@pytest.mark.django_db(transaction=True)
def test_the_key_of_a_channel_session_is_not_a_login(enter, alice):
    socket = enter(alice)
    key = session_for_reply_channel(socket.channel).session_key
    assert sessions._backend().load(key) is not None
    thief = Client()
    thief.cookies["sessionid"] = key
    assert thief.get("/api/session/").json()["handle"] is None
    from tests import wire  # imports the chat

    stolen = wire.Socket("/chat/garden/", thief).connect()
    assert stolen.code == 4401


@pytest.mark.django_db(transaction=True)
def test_sockets_leave_no_rows_in_the_login_table(enter, alice):
    before = Session.objects.count()
    socket = enter(alice)
    socket.post("r1")
    socket.disconnect()
    assert Session.objects.count() == before + 1  # the login session of the browser


def test_only_one_of_many_threads_creates_a_session(backend):
    made = []

    def create():
        made.append(backend.save("key", "value", 60, True))

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]


# The next tests use the decorator.


def make_message(**content):
    return Message({"reply_channel": NAME, **content}, "websocket.receive", channel_layers[DEFAULT_CHANNEL_LAYER])


@sessions.channel_session
def count(message):
    message.channel_session["count"] = message.channel_session.get("count", 0) + 1
    return message.channel_session["count"]


def test_a_consumer_reads_what_an_earlier_consumer_stored(backend):
    assert [count(make_message()) for _ in range(3)] == [1, 2, 3]
    assert count(make_message(reply_channel="daphne.response.abc!other")) == 1


def test_a_method_can_be_decorated_like_a_function(backend):
    class Consumer:
        @sessions.channel_session
        def count(self, message):
            return count(message)

    assert [Consumer().count(make_message()) for _ in range(2)] == [1, 2]


def test_nested_decorators_share_one_session(backend, monkeypatch):
    saved = []
    save = sessions.SessionStore.save
    monkeypatch.setattr(sessions.SessionStore, "save", lambda *a, **f: saved.append(f) or save(*a, **f))
    sessions.channel_session(count)(make_message())
    assert count(make_message()) == 2
    sessions.channel_session(lambda message: message.channel_session.get("count"))(make_message())
    # Each `count` changes the session. The outer decorator does not save it again, and reading it saves nothing.
    assert len([fields for fields in saved if not fields]) == 2


def test_a_session_is_saved_although_its_consumer_failed(backend):
    @sessions.channel_session
    def fail(message):
        message.channel_session["count"] = 7
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail(make_message())
    assert count(make_message()) == 8


def test_a_flushed_session_is_not_saved_again(backend):
    count(make_message())
    sessions.channel_session(lambda message: message.channel_session.flush())(make_message())
    assert backend.load(sessions.session_key(NAME)) is None


def test_a_consumer_is_requeued_if_another_worker_creates_its_session(backend, monkeypatch):
    monkeypatch.setattr(backend, "load", lambda key: None)
    count(make_message())
    with pytest.raises(ConsumeLater):
        count(make_message())


def test_without_a_message_or_a_reply_channel_there_is_no_session(backend):
    with pytest.raises(ValueError, match="Message"):
        count("something else")
    with pytest.raises(ValueError, match="reply_channel"):
        count(make_message(reply_channel=None))


def test_any_engine_except_signed_cookies_can_be_chosen():
    assert sessions._session_store("django.contrib.sessions.backends.cache").__module__.endswith("cache")
    with pytest.raises(ValueError, match="cookies"):
        sessions._session_store("django.contrib.sessions.backends.signed_cookies")
