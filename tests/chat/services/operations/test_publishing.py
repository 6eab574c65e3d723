"""Samples are stored in a bounded history, and published only if an operator listens."""

import json

import pytest

from chat import broadcast
from chat.models import Person
from chat.services import operations, rooms
from chat.services.operations import Sample
from chat.services.operations import history as history_module
from chat.services.operations.history import MAX_POINTS
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/operators/health/"


def sample(at=1.0):
    return Sample({"at": at}, {"at": at, "now": {}})


@pytest.fixture
def operator(db):
    return Person.objects.create_superuser("Olga", "correct horse")


def listen(person):
    return wire.Socket(PATH, wire.browser_of(person)).connect()


def heard(socket):
    """Return the frames that a socket has received since the last call. Note its close code."""
    found = []
    while (content := wire.layer().receive([socket.channel])[1]) is not None:
        if content.get("close"):
            socket.code = content["close"]
        else:
            found.append(json.loads(content["text"]))
    return found


@pytest.fixture
def published(monkeypatch):
    """Return the list of published events."""
    found = []
    publish = broadcast.publish
    monkeypatch.setattr(broadcast, "publish", lambda *arguments: (found.append(arguments), publish(*arguments)))
    return found


def test_without_a_listener_nothing_is_published(operator, published):
    assert operations.publish_sample(sample()) is False and published == []
    listen(operator).disconnect()
    assert operations.publish_sample(sample()) is False and published == []


def test_ten_open_pages_cost_one_message(operator, published):
    sockets = [listen(operator) for _ in range(10)]
    assert operations.publish_sample(sample()) is True
    assert [group for group, _ in published] == [broadcast.OPERATIONS_GROUP]
    expected = {"stream": "health", "payload": {"point": {"at": 1.0}, "state": {"at": 1.0, "now": {}}}}
    assert [heard(socket) for socket in sockets] == [[expected]] * 10


def test_a_person_who_lost_the_role_of_operator_by_sql_is_disconnected_before_the_next_sample(operator, published):
    former = Person.objects.create_superuser("Oscar", "correct horse")
    socket, other = listen(former), listen(operator)
    Person.objects.filter(id=former.id).update(is_staff=False)
    operations.publish_sample(sample())
    heard(socket)
    assert socket.code == 4404
    assert len(heard(other)) == 1 and other.code is None
    Person.objects.filter(id=operator.id).update(is_staff=False)
    assert operations.publish_sample(sample()) is False


def test_the_history_has_the_last_fifteen_minutes(monkeypatch):
    history_module.store.clear()
    assert operations.read_history() == ([], None)
    for number in range(MAX_POINTS + 5):
        operations.store_sample(sample(number))
    points, state = operations.read_history()
    assert [points[0]["at"], points[-1]["at"], len(points)] == [5, MAX_POINTS + 4, MAX_POINTS]
    assert state["at"] == MAX_POINTS + 4 and MAX_POINTS * operations.SAMPLE_SECONDS == 15 * 60
    history_module.store.clear()


# The next tests are about the socket.


def test_changes_of_rooms_do_not_come_on_the_socket_of_the_health(operator, alice):
    socket = listen(operator)
    rooms.create_room(alice, "attic", "Attic")
    assert heard(socket) == []


def test_only_operators_can_connect_to_the_stream(bob, charlie):
    assert wire.Socket(PATH).connect().code == 4401
    for person in (bob, charlie):
        assert listen(person).code == 4404
    assert wire.Socket(PATH, wire.browser_of(bob), origin="http://evil.example").connect().denied
    assert operations.publish_sample(sample()) is False


@pytest.mark.parametrize("frame", ["{}", '{"stream": "health", "payload": {}}', '{"stream": "rooms", "payload": {}}'])
def test_a_frame_of_an_operators_page_is_rejected(operator, frame):
    socket = listen(operator)
    [answer] = socket.send(frame)
    assert (answer["type"], answer["code"], socket.code) == ("rejected", "invalid_field", None)


def test_signing_out_closes_the_stream(operator):
    browser = wire.browser_of(operator)
    socket = wire.Socket(PATH, browser).connect()
    browser.post("/sign-out/")
    socket.read()
    assert socket.code == 4401
