"""Tokens: their end, their rooms, the time of their last use, and what ends tokens and logins."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Login, Member, Room, Token
from chat.protocol import Post
from chat.services import people, rooms
from tests import wire
from tests.chat.helpers import assert_refused
from tests.chat.polling import Poller
from tests.helpers import statements

pytestmark = pytest.mark.django_db(transaction=True)

AN_HOUR = timedelta(hours=1)


def make_key(person, **limits):
    return people.make_token(person, "bot", people.TokenLimits(**limits))[1]


def open_socket(key, path="/chat/garden/"):
    return wire.Socket(path, origin=None, headers={"authorization": f"Bearer {key}"}).connect()


def sign_in(handle, password):
    caller = wire.Caller()
    caller("POST", "/api/session/", {"handle": handle, "password": password})
    return caller


# What a new token may do.


@pytest.mark.parametrize(
    "code, limits",
    [
        ("invalid_field", {"scopes": []}),
        ("invalid_field", {"scopes": ["read", "admin"]}),
        ("invalid_field", {"rooms": []}),
        ("invalid_field", {"rooms": ["garden"] * 101}),
        ("not_found", {"rooms": ["garden", "nowhere"]}),
        ("not_found", {"rooms": ["attic"]}),
        ("invalid_field", {"expires_at": timezone.now() - AN_HOUR}),
        ("invalid_field", {"expires_at": timezone.now() + timedelta(days=4000)}),
    ],
)
def test_a_token_with_invalid_limits_is_refused(alice, bob, room, code, limits):
    rooms.create_room(bob, "attic", "The attic", is_private=True)
    assert_refused(code, people.make_token, alice, "bot", people.TokenLimits(**limits))
    assert not Token.objects.exists()


def test_a_token_from_before_there_were_scopes_may_create_rooms_and_post_but_not_make_tokens(alice, room):
    key = make_key(alice)
    Token.objects.update(scopes=None, only_rooms=None, survives_password_change=None)
    bot = wire.Caller(key=key)
    assert bot("POST", "/api/rooms/", {"slug": "attic", "name": "Attic"})[0] == 201
    assert open_socket(key).post("r1")["type"] == "ack"
    assert bot("POST", "/api/tokens/", {"name": "another"}) == (403, "forbidden")


def test_the_list_of_tokens_leaves_out_rooms_that_the_person_may_no_longer_read(alice, bob, room):
    rooms.create_room(bob, "attic", "The attic", is_private=True)
    member = Member.objects.create(person=alice, room=rooms.get_room("attic"))
    people.make_token(alice, "one", people.TokenLimits(rooms=["garden", "attic"]))
    people.make_token(alice, "two")
    assert [[shown.slug for shown in token.shown_rooms or ()] for token in people.list_tokens(alice)] == [
        ["attic", "garden"],
        [],
    ]
    member.delete()
    assert [shown.slug for shown in people.list_tokens(alice)[0].shown_rooms] == ["garden"]


# The end of a token.


def expire():
    Token.objects.update(expires_at=timezone.now() - AN_HOUR)


def test_an_expired_token_is_refused_by_the_api_and_by_sockets(alice, room):
    key = make_key(alice, expires_at=timezone.now() + AN_HOUR)
    bot = wire.Caller(key=key)
    assert bot("GET", "/api/rooms/")[0] == 200 and open_socket(key).code is None
    expire()
    assert bot("GET", "/api/rooms/") == (401, "not_signed_in")
    assert (open_socket(key).code, open_socket(key, "/me/").code) == (4401, 4401)
    assert people.list_tokens(alice) == []


@pytest.mark.parametrize("path", ["/chat/garden/", "/me/"])
def test_the_next_frame_closes_the_socket_of_an_expired_token(alice, room, path):
    socket = open_socket(make_key(alice, expires_at=timezone.now() + AN_HOUR), path)
    expire()
    socket.say("sync", cursor=0)
    assert socket.code == 4401


def test_the_next_request_of_a_poll_with_an_expired_token_is_refused(alice, room):
    key = make_key(alice, expires_at=timezone.now() + AN_HOUR)
    poller = Poller(headers={"authorization": f"Bearer {key}"})
    poller.start()
    expire()
    response = poller.poll_again()
    assert (response.status, response.body["close"]) == (401, 4401)


@pytest.mark.parametrize("path", ["/chat/garden/", "/me/"])
def test_a_sweep_closes_the_silent_sockets_of_expired_tokens_and_deletes_the_tokens(alice, room, path):
    socket = open_socket(make_key(alice, expires_at=timezone.now() + AN_HOUR, rooms=["garden"]), path)
    other = open_socket(make_key(alice), path)
    assert people.sweep_tokens() == 0
    Token.objects.filter(only_rooms=True).update(expires_at=timezone.now() - AN_HOUR)
    assert (people.sweep_tokens(), people.sweep_tokens()) == (1, 0)
    socket.read(), other.read()
    assert (socket.code, other.code, Token.objects.count()) == (4401, None, 1)


# The time of the last use.


def get_used_at():
    return Token.objects.get().used_at


@pytest.mark.parametrize("way", ["call", "room", "stream", "poll", "frame", "frame of the stream"])
def test_requests_sockets_polls_and_frames_store_when_a_token_was_used(alice, room, way):
    key = make_key(alice)
    assert get_used_at() is None
    sockets = {"frame": "/chat/garden/", "frame of the stream": "/me/"}
    if way == "call":
        wire.Caller(key=key)("GET", "/api/rooms/")
    elif way == "poll":
        Poller(headers={"authorization": f"Bearer {key}"}).start()
    elif way in sockets:
        socket = open_socket(key, sockets[way])
        Token.objects.update(used_at=timezone.now() - AN_HOUR)
        socket.say("sync", cursor=0)
    else:
        open_socket(key, {"room": "/chat/garden/", "stream": "/me/"}[way])
    assert timezone.now() - get_used_at() < timedelta(minutes=1)


def kinds(queries):
    """Return the first words of captured statements."""
    return [kind for kind, _ in statements(queries)]


def test_a_token_in_use_costs_no_additional_statement(alice, room):
    key = make_key(alice, rooms=["garden"])
    socket, stream, bot = open_socket(key), open_socket(key, "/me/"), wire.Caller(key=key)
    used_at = get_used_at()
    with CaptureQueriesContext(connection) as queries:
        socket.say("typing", on=True)
    assert kinds(queries) == ["SELECT"]  # member, person, room, and the token with its scopes and rooms
    with CaptureQueriesContext(connection) as queries:
        socket.post("r1")
    assert kinds(queries) == ["SELECT", "UPDATE", "INSERT", "INSERT"]  # as with a login
    with CaptureQueriesContext(connection) as queries:
        stream.say("sync")
    assert kinds(queries) == ["SELECT", "SELECT"]  # the person with the token, and the rooms' numbers of messages
    with CaptureQueriesContext(connection) as queries:
        bot("GET", "/api/session/")
    assert kinds(queries) == ["SELECT"]
    assert get_used_at() == used_at


def test_the_first_frame_after_some_minutes_writes_once(alice, room):
    socket = open_socket(make_key(alice))
    Token.objects.update(used_at=timezone.now() - timedelta(minutes=6))
    found = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            socket.say("typing", on=True)
        found.append(kinds(queries))
    assert found == [["SELECT", "UPDATE"], ["SELECT"]]


# What ends tokens.


def change_password(browser):
    body = {"old_password": "correct horse", "new_password": "horse correct"}
    assert browser.post("/password/", body).status_code == 302


@pytest.mark.parametrize("path", ["/chat/garden/", "/me/"])
@pytest.mark.parametrize("limits", [{}, {"rooms": ["garden"]}])
def test_a_new_password_ends_the_tokens_and_closes_their_sockets(alice, bob, room, later, path, limits):
    key, surviving_key = make_key(alice, **limits), make_key(alice, survives_password_change=True, **limits)
    socket, surviving, other = open_socket(key, path), open_socket(surviving_key, path), open_socket(make_key(bob))
    change_password(wire.browser_of(alice))
    later.run()
    for opened in (socket, surviving, other):
        opened.read()
    assert (socket.code, surviving.code, other.code) == (4401, None, None)
    assert wire.Caller(key=key)("GET", "/api/rooms/") == (401, "not_signed_in")
    assert wire.Caller(key=surviving_key)("GET", "/api/rooms/")[0] == 200


def test_a_lost_close_does_not_keep_the_socket_of_an_ended_token(alice, room, monkeypatch):
    socket = open_socket(make_key(alice))
    monkeypatch.setattr("chat.broadcast.close_group", lambda *arguments: None)
    change_password(wire.browser_of(alice))
    socket.say("post", ref="r1", body="Hello")
    assert socket.code == 4401


@pytest.mark.parametrize("answers, ends", [(["horse correct"] * 2, True), (["short"] * 6, False)])
def test_the_command_for_a_new_password_ends_the_logins_and_tokens(alice, bob, room, monkeypatch, answers, ends):
    key, surviving_key = make_key(alice), make_key(alice, survives_password_change=True)
    phone, by_bob = sign_in("Alice", "correct horse"), sign_in("Bob", "battery staple")
    sockets = [open_socket(key), wire.Socket("/chat/garden/", phone.browser).connect(), open_socket(surviving_key)]
    monkeypatch.setattr("getpass.getpass", lambda prompt: answers.pop())
    if ends:
        call_command("changepassword", "Alice")
    else:
        with pytest.raises(CommandError):
            call_command("changepassword", "Alice")
    for socket in sockets:
        socket.read()
    assert [socket.code for socket in sockets] == ([4401, 4401, None] if ends else [None] * 3)
    assert phone("GET", "/api/session/")[1]["handle"] == (None if ends else "Alice")
    assert by_bob("GET", "/api/session/")[1]["handle"] == "Bob" and bob.known_places.exists()
    assert alice.known_places.exists() != ends, "somebody else may have known the former password"
    assert wire.Caller(key=surviving_key)("GET", "/api/rooms/")[0] == 200


# Sign out everywhere.


@pytest.mark.parametrize(
    "body, ended, here, tokens_left",
    [
        (None, {"ended": 1, "tokens": 0}, "Alice", 2),
        ({}, {"ended": 1, "tokens": 0}, "Alice", 2),
        ({"own": True}, {"ended": 2, "tokens": 0}, None, 2),
        ({"tokens": True}, {"ended": 1, "tokens": 2}, "Alice", 0),
        ({"own": True, "tokens": True}, {"ended": 2, "tokens": 2}, None, 0),
    ],
)
def test_a_person_signs_out_everywhere(alice, bob, room, body, ended, here, tokens_left):
    own, phone, by_bob = (
        sign_in("Alice", "correct horse"),
        sign_in("Alice", "correct horse"),
        sign_in("Bob", "battery staple"),
    )
    keys = [make_key(alice), make_key(alice, survives_password_change=True), make_key(bob)]
    tab = wire.Socket("/chat/garden/", own.browser).connect()
    others = [wire.Socket(path, phone.browser).connect() for path in ("/chat/garden/", "/me/")]
    bots = [open_socket(key) for key in keys]
    status, answer = own("DELETE", "/api/logins/", body) if body is not None else own("DELETE", "/api/logins/", "")
    assert (status, answer) == (200, ended)
    assert own("GET", "/api/session/")[1]["handle"] == here
    assert phone("GET", "/api/session/")[1]["handle"] is None
    assert by_bob("GET", "/api/session/")[1]["handle"] == "Bob"
    assert alice.tokens.count() == tokens_left and Login.objects.filter(person=alice).count() == (here is not None)
    for socket in (tab, *others, *bots):
        socket.read()
    assert [socket.code for socket in others] == [4401, 4401]
    assert tab.code == (None if here else 4401)
    assert [bot.code for bot in bots] == ([None] * 3 if tokens_left else [4401, 4401, None])


@pytest.mark.parametrize("body", [{"own": 1}, {"tokens": "yes"}, []])
def test_an_invalid_choice_ends_nothing(alice, body):
    own = sign_in("Alice", "correct horse")
    sign_in("Alice", "correct horse")
    assert own("DELETE", "/api/logins/", body)[0] == 400
    assert Login.objects.count() == 2


# The own stream of a token for certain rooms.


def test_the_stream_receives_the_posts_of_its_rooms_only(alice, bob, room):
    rooms.create_room(alice, "orchard", "The orchard")
    stream = open_socket(make_key(alice, rooms=["garden"]), "/me/")
    for slug in ("orchard", "garden"):
        rooms.post_message(rooms.join_room(bob, slug), Post(f"r-{slug}", "@Alice Hello"))
    assert {event["slug"] for event in stream.seen("room")} == {"garden"}
    assert stream.seen("mention") == []


def test_the_stream_does_not_follow_a_room_that_the_person_enters(alice, bob, room):
    stream = open_socket(make_key(alice, rooms=["garden"]), "/me/")
    rooms.create_room(bob, "orchard", "The orchard")
    rooms.join_room(alice, "orchard")
    rooms.post_message(rooms.join_room(bob, "orchard"), Post("r1", "Hello"))
    stream.say("sync")
    assert stream.seen("room") == [] and len(stream.seen("workspace")) == 1


@pytest.mark.parametrize("how", ["banned", "left"])
def test_the_stream_receives_no_posts_of_a_room_that_the_person_was_removed_from(alice, bob, room, how):
    member = rooms.join_room(bob, "garden")
    stream = open_socket(make_key(bob, rooms=["garden"]), "/me/")
    if how == "banned":
        rooms.apply_role(member, Member.BANNED)
    else:
        rooms.delete_member(member)
    rooms.post_message(rooms.join_room(alice, "garden"), Post("r1", "Hello"))
    assert [event for event in stream.seen("room") if "gone" not in event] == []


def test_closing_the_connections_of_a_person_and_disconnecting_the_person_close_the_stream(alice, room):
    for end, code in ((people.close_connections, 4401), (people.disconnect, 4403)):
        stream = open_socket(make_key(alice, rooms=["garden"]), "/me/")
        end(alice)
        stream.read()
        assert stream.code == code


def test_a_room_can_be_deleted_while_tokens_reach_it(alice, room):
    key = make_key(alice, rooms=["garden"])
    rooms.delete_room(Room.objects.get(slug="garden"))
    assert Token.objects.get().only_rooms and wire.Caller(key=key)("GET", "/api/workspace/") == (200, {"rooms": []})
