"""Access: a person who loses access is disconnected at the next frame, with the close code of the connection's kind."""

import pytest
from django.contrib.sessions.models import Session

from chat.models import Board, Member, Person
from chat.services import access, people
from chat.services.access import Reason
from tests import wire
from tests.chat.helpers import Browser, ask, key_of, knock
from tests.chat.polling import Poller

pytestmark = pytest.mark.django_db(transaction=True)


class OpenSocket:
    """A socket, and the frame that shows whether it may still send."""

    def __init__(self, socket, frame):
        self.socket, self.frame = socket, frame

    def send_frame(self):
        """Send a frame. Return the code with which the server closes the socket, or None."""
        self.socket.say(**self.frame)
        return self.socket.code


class PollingClient:
    """A client that polls a room, with the same method as OpenSocket."""

    def __init__(self, person):
        self.poller = Poller(person)
        self.poller.start()

    def send_frame(self):
        """Send a frame in a request. Return the close code in the response, or None."""
        return self.poller.say({"type": "sync", "cursor": 0}).body.get("close")


SYNC = {"type": "sync", "cursor": 0}


def open_room(person):
    return OpenSocket(wire.Socket("/chat/garden/", wire.browser_of(person)).connect(), SYNC)


def open_room_with_token(person):
    _, key = people.make_token(person, "bot")
    headers = {"authorization": f"Bearer {key}"}
    return OpenSocket(wire.Socket("/chat/garden/", origin=None, headers=headers).connect(), SYNC)


def open_waiting_room(person):
    browser = Browser(person).follow(Browser().make_board())
    return OpenSocket(browser.door(), {"type": "knock", "ref": "k1", "handle": "Bob"})


def open_board_room(person):
    owner = Browser().make_board()
    browser = Browser(person).follow(owner)
    knock(browser)
    assert ask(owner.door(), "admit", visitor=key_of("Bob"))["type"] == "ack"
    return OpenSocket(browser.room(), SYNC)


def open_stream(person):
    Person.objects.filter(id=person.id).update(is_staff=True)
    return OpenSocket(wire.Socket("/operators/rooms/", wire.browser_of(person)).connect(), {"type": "anything"})


KINDS = {
    "room": open_room,
    "token": open_room_with_token,
    "polling": PollingClient,
    "board's room": open_board_room,
    "waiting room": open_waiting_room,
    "operators": open_stream,
}


# Each function changes only stored data and publishes nothing. So only the next frame can discover the change.


def lose_channel_sessions(person):
    wire.layer().channel_layer.channel_session_backend._items.clear()


def close_board_and_delete_member(person):
    Board.objects.update(shut_at="2020-01-01T00:00:00Z")
    Member.objects.filter(person=person).delete()


def end_login(person):
    Session.objects.all().delete()
    person.tokens.all().delete()


def deactivate(person):
    Person.objects.filter(id=person.id).update(is_active=False)


def change_password(person):
    person.set_password("another long one")
    person.save(update_fields=["password"])


def ban(person):
    Member.objects.filter(person=person).update(role=Member.BANNED)


def revoke_staff(person):
    Person.objects.filter(id=person.id).update(is_staff=False)


# The columns are the kinds, in the order of KINDS. None: the change does not close such a connection.
TABLE = {
    lose_channel_sessions: (4408, 4408, None, 4408, 4408, 4408),
    end_login: (4401, 4401, 4401, 4401, 4408, 4401),
    deactivate: (4401, 4401, 4401, 4401, 4403, 4404),
    change_password: (4408, None, 4401, 4408, 4408, 4408),
    ban: (4403, 4403, 4403, 4403, None, None),
    close_board_and_delete_member: (4404, 4404, None, 4404, 4403, None),
    revoke_staff: (None, None, None, None, None, 4404),
}
CASES = [(kind, change, code) for change, codes in TABLE.items() for kind, code in zip(KINDS, codes, strict=True)]


@pytest.mark.parametrize("kind, change, code", CASES, ids=[f"{kind} {change.__name__}" for kind, change, _ in CASES])
def test_a_connection_that_lost_its_right_is_closed_at_its_next_frame(bob, room, kind, change, code):
    opened = KINDS[kind](bob)
    change(Person.objects.get(id=bob.id))
    assert opened.send_frame() == code


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_with_valid_rights_stays_open(bob, room, kind):
    assert KINDS[kind](bob).send_frame() is None


@pytest.mark.parametrize("kind", [access.ROOM, access.WAITING_ROOM, access.OPERATORS, access.STREAM])
def test_every_kind_of_connection_has_a_close_code_for_every_reason_that_applies_to_it(kind):
    cannot_happen = {"member": set(), "visit": {Reason.BANNED}, "rooms": {Reason.BANNED}}
    cannot_happen["person"] = {Reason.PLACE_GONE, Reason.BANNED}
    assert set(Reason) - set(kind.close_codes) == cannot_happen[kind.key]


def test_the_first_reason_that_applies_decides():
    facts = access.Facts(None, is_active=False, has_current_password=False, is_banned=True)
    assert access._find_reason(facts) is Reason.INACTIVE
