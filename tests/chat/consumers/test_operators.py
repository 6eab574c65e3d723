"""The stream of rooms: changes are published after the commit, and only to people who are still operators."""

import json

import pytest
from channels import channel_layers
from channels.binding.base import CREATE, DELETE, UPDATE
from django.apps import apps
from django.db import connection, transaction
from django.db.models.signals import pre_save
from django.test.utils import CaptureQueriesContext

from chat.apps import ChatConfig
from chat.models import Person, Room
from chat.services import rooms
from tests import wire
from tests.helpers import fail_with, statements

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/operators/rooms/"


@pytest.fixture
def operator(db):
    return Person.objects.create_superuser("Olga", "correct horse")


@pytest.fixture
def stream(operator):
    """Return the operator's socket of the stream. Its attribute `browser` is the operator's browser."""
    browser = wire.browser_of(operator)
    socket = wire.Socket(PATH, browser).connect()
    socket.browser = browser
    return socket


def heard(socket):
    """Return what a stream has received since the last read: [(action, data)]."""
    events = []
    while (content := wire.layer().receive([socket.channel])[1]) is not None:
        if content.get("close"):
            socket.code = content["close"]
        else:
            event = json.loads(content["text"])
            assert event["stream"] == "rooms" and event["payload"]["model"] == "chat.room"
            events.append((event["payload"]["action"], event["payload"]["data"]))
    return events


# The next tests are about the handshake.


def test_an_operator_may_connect(stream):
    assert stream.accepted and stream.code is None


def test_a_client_without_a_login_is_closed_with_4401(db):
    assert wire.Socket(PATH).connect().code == 4401


def test_a_person_who_is_no_operator_is_closed_with_4404(bob, charlie):
    for person in (bob, charlie):
        assert wire.Socket(PATH, wire.browser_of(person)).connect().code == 4404


def test_a_foreign_page_gets_no_stream(operator):
    assert wire.Socket(PATH, wire.browser_of(operator), origin="http://evil.example").connect().denied


def test_a_refused_stream_receives_nothing(bob, alice):
    socket = wire.Socket(PATH, wire.browser_of(bob)).connect()
    rooms.create_room(alice, "attic", "Attic")
    assert heard(socket) == []
    socket.send("{}")
    assert socket.code == 4404
    socket.disconnect()


# The next tests are about the changes that are streamed.


def test_created_changed_and_deleted_rooms_are_streamed(stream, alice):
    room = rooms.create_room(alice, "attic", "Attic", "Dust")
    [(action, data)] = heard(stream)
    assert action == CREATE and (data["slug"], data["name"], data["topic"]) == ("attic", "Attic", "Dust")
    assert data["access"] == "public" and data["created_at"].endswith("Z")
    room.topic = "Mice"
    room.save()
    [(action, data)] = heard(stream)
    assert (action, data["topic"]) == (UPDATE, "Mice")
    rooms.delete_room(room)
    assert heard(stream) == [(DELETE, {})]


def test_changes_in_the_admin_are_streamed(stream):
    fields = {"slug": "attic", "name": "Attic", "topic": ""}
    assert stream.browser.post("/admin/chat/room/add/", fields).status_code == 302
    room = Room.objects.get()
    stream.browser.post(f"/admin/chat/room/{room.id}/change/", {**fields, "name": "Loft"})
    stream.browser.post(f"/admin/chat/room/{room.id}/delete/", {"post": "yes"})
    assert [(action, data.get("name")) for action, data in heard(stream)] == [
        (CREATE, "Attic"),
        (UPDATE, "Loft"),
        (DELETE, None),
    ]


def test_a_change_is_streamed_after_its_commit_only(stream, alice):
    with transaction.atomic():
        rooms.create_room(alice, "attic", "Attic")
        assert heard(stream) == []
    assert [action for action, _ in heard(stream)] == [CREATE]
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        rooms.create_room(alice, "cellar", "Cellar")
        raise ZeroDivisionError
    assert heard(stream) == []


def test_the_stream_has_the_row_as_it_is_in_the_database(stream, alice, room):
    heard(stream)
    stale = Room.objects.get(id=room.id)
    Room.objects.filter(id=room.id).update(topic="Fresh")
    stale.name = "Orchard"
    stale.save(update_fields=["name"])
    partial = Room.objects.only("id", "slug").get(id=room.id)
    partial.save(update_fields=["slug"])
    assert [(data["name"], data["topic"]) for _, data in heard(stream)] == [("Orchard", "Fresh")] * 2


def test_the_app_config_that_loads_the_bindings_is_used():
    # A shell loads no routing, so the app config loads the bindings.
    assert type(apps.get_app_config("chat")) is ChatConfig


def test_a_room_that_is_created_and_deleted_in_one_transaction_is_only_deleted(stream, alice):
    with transaction.atomic():
        rooms.delete_room(rooms.create_room(alice, "attic", "Attic"))
    assert heard(stream) == [(DELETE, {})]


def test_a_change_is_stored_if_it_cannot_be_streamed(stream, alice, monkeypatch, caplog):
    heard(stream)
    # The lobby's event uses the same layer, and its failure is logged too.
    monkeypatch.setattr(channel_layers["default"].channel_layer, "send_group", fail_with(OSError("away")))
    rooms.create_room(alice, "attic", "Attic")
    assert Room.objects.filter(slug="attic").exists() and "could not be published to operators" in caplog.text


def test_a_post_runs_four_statements_with_an_open_stream(stream, bob, enter):
    socket = enter(bob)
    heard(stream)
    saved = []
    pre_save.connect(lambda **kwargs: saved.append(kwargs), sender=Room, weak=False, dispatch_uid="test")
    try:
        with CaptureQueriesContext(connection) as queries:
            socket.post("r1")
    finally:
        pre_save.disconnect(sender=Room, dispatch_uid="test")
    assert len(statements(queries)) == 4 and saved == [] and heard(stream) == []


# The next tests are about operators who lose their rights or their login.


def test_a_former_operator_receives_nothing(stream, operator, alice):
    Person.objects.filter(id=operator.id).update(is_staff=False)  # as in a shell: nothing is published
    rooms.create_room(alice, "attic", "Attic")
    assert heard(stream) == []
    stream.send(json.dumps({"stream": "rooms", "payload": {"action": "update"}}))
    assert stream.code == 4404


def test_the_admin_closes_the_stream_of_a_former_operator(stream, alice):
    other = Person.objects.create_superuser("Oscar", "correct horse")
    socket = wire.Socket(PATH, wire.browser_of(other)).connect()
    fields = {"is_active": "on", "is_superuser": "on"}
    assert stream.browser.post(f"/admin/chat/person/{other.id}/change/", fields).status_code == 302
    socket.read()
    assert socket.code == 4404
    assert heard(stream) == [] and stream.code is None


def test_signing_out_closes_the_stream(stream):
    stream.browser.post("/sign-out/")
    stream.read()
    assert stream.code == 4401


def test_a_new_password_closes_the_streams_of_other_browsers(stream, operator):
    other = wire.browser_of(operator)
    passwords = {"old_password": "correct horse", "new_password": "battery staple"}
    assert other.post("/password/", passwords).status_code == 302
    stream.read()
    assert stream.code == 4401


def test_a_stream_without_a_login_is_closed_at_its_next_frame(stream, operator):
    stream.browser.logout()
    stream.send("{}")
    assert stream.code == 4401


def test_a_stream_with_an_old_password_is_closed_at_its_next_frame(stream, operator):
    person = Person.objects.get(id=operator.id)
    person.set_password("battery staple")
    person.save()
    stream.send("{}")
    assert stream.code == 4408


# The next tests are about the frames of a client.


@pytest.mark.parametrize(
    "frame, code",
    [
        ("", "invalid_json"),
        ("nonsense", "invalid_json"),
        ("[]", "not_an_object"),
        ("{}", "invalid_field"),
        ('{"stream": "people", "payload": {}}', "invalid_field"),
        ('{"stream": [], "payload": {}}', "invalid_field"),
        ('{"stream": "rooms", "payload": []}', "invalid_field"),
        ('{"stream": "rooms", "payload": {}}', "forbidden"),
        ('{"stream": "rooms", "payload": {"action": "create", "data": {"slug": "x", "name": "x"}}}', "forbidden"),
        ('{"stream": "rooms", "payload": {"action": "delete", "pk": 1}}', "forbidden"),
    ],
)
def test_a_frame_of_an_operator_is_refused_and_changes_nothing(stream, room, frame, code):
    stream.read()
    before = list(Room.objects.values())
    [answer] = stream.send(frame)
    assert (answer["type"], answer["code"]) == ("rejected", code)
    assert list(Room.objects.values()) == before and stream.code is None


def test_binary_frames_are_refused(stream):
    assert [answer["code"] for answer in stream.send(bytes=b"x")] == ["binary_not_supported"]


def test_a_flood_on_a_stream_is_rejected(stream, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (1, 0.001)}
    assert [stream.send("{}")[0]["code"] for _ in range(2)] == ["invalid_field", "rate_limited"]


def test_a_closed_stream_is_in_no_group(stream, alice):
    stream.disconnect()
    rooms.create_room(alice, "attic", "Attic")
    assert heard(stream) == []


# The next tests are about the page, and about an account that is not active.


def test_the_page_is_for_operators(client, operator, bob, charlie, room):
    response = client.get(PATH)
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={PATH}")
    for person in (bob, charlie):
        assert wire.browser_of(person).get(PATH).status_code == 404
        assert "operators" not in wire.browser_of(person).get("/").content.decode()
    page = wire.browser_of(operator).get(PATH)
    assert page.status_code == 200 and "The garden" in page.content.decode()
    assert PATH in wire.browser_of(operator).get("/").content.decode()


def test_a_deactivated_operator_cannot_connect(operator):
    Person.objects.filter(id=operator.id).update(is_active=False)
    assert wire.Socket(PATH, wire.browser_of(operator)).connect().code == 4401
