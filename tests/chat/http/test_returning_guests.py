"""Guests who sign out and return: their handles, bans and mutes, and rooms that are closed to guests."""

from datetime import timedelta

import pytest
from django.test import Client

from chat.models import Member, Message, Person, Room
from chat.protocol import ChatError
from chat.services import invitations, lost_rights, moderation, people, rooms
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


class Guest:
    """A browser that picks handles as a guest."""

    def __init__(self):
        self.client = Client()

    def pick(self, handle):
        """Become a guest with this handle. Return the status of the response."""
        return self.client.post("/api/guests/", {"handle": handle}, "application/json").status_code

    def leave(self):
        self.client.delete("/api/session/")

    def enter(self):
        return wire.Socket("/chat/garden/", self.client).connect()

    def say(self, ref, path="/api/rooms/garden/messages/"):
        return self.client.post(path, {"ref": ref, "body": "Hello"}, "application/json").status_code


@pytest.fixture
def guest(room):
    browser = Guest()
    assert browser.pick("Charlie") == 201
    return browser


def test_only_the_same_browser_can_take_its_handle_back(guest):
    assert guest.say("r1") == 201
    charlie = Person.objects.get(handle="Charlie")
    guest.leave()
    assert Guest().pick("Charlie") == Guest().pick("CHARLIE") == Guest().pick("Char1ie") == 409
    assert guest.pick("charlie") == 201
    assert guest.client.get("/api/session/").json()["handle"] == "Charlie"
    assert guest.say("r2") == 201
    assert set(Message.objects.values_list("author", flat=True)) == {charlie.id}


def test_a_handle_without_history_is_free_for_everybody(guest):
    guest.leave()
    assert Guest().pick("Charlie") == 201


def test_a_returning_guest_has_only_the_rights_of_a_guest(guest, alice):
    guest.say("r1")
    cellar = rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    charlie = Person.objects.get(handle="Charlie")
    Member.objects.create(room=cellar, person=charlie, role=Member.GUEST)
    rooms.apply_role(Member.objects.get(room__slug="garden", person=charlie), Member.MODERATOR)
    guest.leave()
    assert guest.pick("Charlie") == 201
    assert list(charlie.memberships.values_list("room__slug", "role")) == [("garden", "guest")]


@pytest.mark.parametrize("next_handle", ["Charlie", "Dora"])
def test_a_banned_guest_cannot_return_under_the_same_or_another_handle(guest, alice, room, next_handle):
    guest.enter()
    moderation.change_role(alice, room, "Charlie", "banned")
    guest.leave()
    assert guest.pick(next_handle) == 201
    assert guest.enter().code == 4403
    assert guest.say("r1") == 403
    assert guest.client.get("/rooms/garden/").status_code == 403
    assert guest.client.get("/api/rooms/garden/messages/").status_code == 403
    assert guest.client.get("/api/rooms/garden/poll/").json()["close"] == 4403


def test_the_handle_of_a_banned_guest_is_reserved_and_the_guest_enters_after_the_ban(guest, alice, room):
    moderation.change_role(alice, room, "Charlie", "banned")
    guest.leave()
    assert Guest().pick("Charlie") == 409
    assert [member.handle for member in moderation.find_members(room, "banned")[0]] == ["Charlie"]
    moderation.change_role(alice, room, "Charlie", "guest")
    assert guest.pick("Dora") == 201 and guest.enter().code is None


def test_a_mute_holds_for_the_next_guest_of_the_browser_until_it_is_lifted(guest, alice, room):
    guest.enter()
    moderation.change_role(alice, room, "Charlie", "muted")
    guest.leave()
    assert guest.pick("Dora") == 201
    assert guest.enter().ask("post", ref="r1", body="Hello")["code"] == "muted"
    moderation.change_role(alice, room, "Dora", "guest")
    assert guest.enter().ask("post", ref="r2", body="Hello")["type"] == "ack"
    guest.leave()
    assert guest.pick("Erik") == 201 and guest.say("r3") == 201


def test_a_guest_whom_an_operator_deactivated_cannot_return(guest, room):
    assert guest.say("r1") == 201
    Person.objects.filter(handle="Charlie").update(is_active=False)
    assert guest.pick("Charlie") == 409
    guest.client.cookies.pop("sessionid")
    assert guest.pick("Charlie") == Guest().pick("Charlie") == 409
    assert not Person.objects.get(handle="Charlie").is_active


@pytest.mark.parametrize("role, code", [("banned", "forbidden"), ("muted", "muted")])
def test_a_guest_who_left_before_the_ban_cannot_write_with_the_next_handle(guest, alice, room, role, code):
    guest.say("r1")
    guest.leave()
    assert guest.pick("Dora") == 201
    socket, other = guest.enter(), Guest()
    assert other.pick("Erik") == 201 and other.say("e1") == 201
    moderation.change_role(alice, room, "Charlie", role)
    wire.work()
    socket.read()
    assert socket.code == (4403 if role == "banned" else None)
    if role == "muted":
        assert socket.ask("post", ref="r2", body="Hello")["code"] == code
    assert (
        guest.client.post("/api/rooms/garden/messages/", {"ref": "r3", "body": "x"}, "application/json").json()["code"]
        == code
    )
    assert other.say("e2") == 201
    moderation.change_role(alice, room, "Charlie", "guest")
    assert guest.say("r4") == 201


def test_the_ban_of_an_earlier_guest_does_not_lock_out_an_owner(guest, alice, room):
    guest.say("r1")
    guest.leave()
    fields = {"handle": "Dora", "password": "correct horse"}
    assert guest.client.post("/api/users/", fields, "application/json").status_code == 201
    moderation.change_role(alice, room, "Dora", "owner")
    moderation.change_role(alice, room, "Charlie", "banned")
    assert guest.say("r2") == 201 and guest.enter().code is None


def test_a_ban_holds_for_an_account_that_the_browser_creates_later(guest, alice, room):
    moderation.change_role(alice, room, "Charlie", "banned")
    fields = {"handle": "Dora", "password": "correct horse"}
    guest.leave()
    assert guest.client.post("/api/users/", fields, "application/json").status_code == 201
    assert guest.enter().code == 4403


@pytest.fixture
def account(guest):
    """Return a browser in which the guest Charlie posted and signed out. Its account Dora is now in the room."""
    guest.say("r1")
    guest.leave()
    fields = {"handle": "Dora", "password": "correct horse"}
    assert guest.client.post("/api/users/", fields, "application/json").status_code == 201
    guest.socket = guest.enter()
    return guest


def test_a_ban_closes_the_socket_of_an_account_that_the_browser_created(account, alice, room):
    moderation.change_role(alice, room, "Charlie", "banned")
    wire.work()
    account.socket.read()
    assert account.socket.code == account.enter().code == 4403 and account.say("r2") == 403
    moderation.change_role(alice, room, "Charlie", "guest")
    assert account.enter().code is None and account.say("r3") == 201


def test_a_mute_holds_at_once_for_an_account_that_the_browser_created(account, alice, room):
    moderation.change_role(alice, room, "Charlie", "muted", 60)
    assert account.socket.ask("post", ref="r2", body="Hello")["code"] == "muted"
    assert account.enter().seen("joined")[0]["you"]["until"] is not None


def test_a_ban_does_not_close_the_socket_of_an_older_account_or_a_moderator(account, alice, bob, room):
    charlie = Person.objects.get(handle="Charlie")
    Person.objects.filter(id=bob.id).update(browser=charlie.browser, created_at=charlie.created_at - timedelta(days=1))
    older = wire.Socket("/chat/garden/", wire.browser_of(bob)).connect()
    moderation.change_role(alice, room, "Dora", "moderator")
    moderation.change_role(alice, room, "Charlie", "banned")
    lost_rights.sweep_banned_members()
    wire.work()
    older.read(), account.socket.read()
    assert older.code is None and account.socket.code is None


def test_an_account_that_enters_while_its_guest_is_being_banned_is_disconnected(account, alice, room, monkeypatch):
    find = Member.objects.has_held_guest

    def ban_afterwards(room_id, browser):
        found = find(room_id, browser)
        monkeypatch.undo()
        moderation.change_role(alice, room, "Charlie", "banned")
        return found

    monkeypatch.setattr("chat.models.rooms.MemberManager.has_held_guest", lambda self, *args: ban_afterwards(*args))
    assert account.enter().code == 4403


def test_a_sweep_closes_the_socket_of_an_account_whose_guest_was_banned_by_sql(account):
    Member.objects.filter(person__handle="Charlie").update(role=Member.BANNED)
    assert lost_rights.sweep_banned_members() == 2
    account.socket.read()
    assert account.socket.code == 4403


def test_the_ban_of_a_guest_applies_to_the_account_that_the_guest_creates(alice, room, charlie):
    moderation.change_role(alice, room, charlie, "banned")
    account = people.sign_up("Charlie", "correct horse", charlie)
    assert Member.objects.get(person=account).role == Member.BANNED


def test_a_ban_does_not_hold_for_other_people_of_the_browser(guest, alice, room, bob):
    browser = guest.client.cookies["browser"].value
    moderation.change_role(alice, room, "Charlie", "banned")
    other = Guest()
    assert other.pick("Dora") == 201 and other.enter().code is None
    guest.leave()
    # Bob's account is older than the guest.
    guest.client.force_login(bob)
    assert guest.client.cookies["browser"].value == browser and guest.enter().code is None


def test_a_guest_cannot_detect_a_private_room_by_the_number_of_queries(guest, alice, django_assert_num_queries):
    rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    charlie = Person.objects.get(handle="Charlie")
    for slug in ("cellar", "attic"):
        # The room with the person's Member, and a room whose former slug this is.
        with django_assert_num_queries(2):
            with pytest.raises(ChatError):
                rooms.join_room(charlie, slug)


# The next tests are about rooms that are closed to guests.


def admit_guests(alice, is_open):
    """Open or close the garden to guests by the API."""
    return wire.Caller(alice)("PUT", "/api/rooms/garden/", {"guests": is_open})


def test_closing_a_room_to_guests_ends_their_access_with_4403(guest, alice, enter):
    member, socket = enter(alice), guest.enter()
    status, body = admit_guests(alice, False)
    assert (status, body["guests"]) == (200, False)
    socket.read(), member.read()
    assert (socket.code, member.code) == (4403, None)
    assert guest.enter().code == 4403 and guest.say("r1") == 403
    assert guest.client.get("/rooms/garden/").status_code == 403
    assert guest.client.get("/api/rooms/garden/poll/").json()["close"] == 4403
    assert guest.client.get("/api/rooms/garden/messages/").status_code == 403
    status, body = admit_guests(alice, True)
    assert status == 200 and "guests" not in body
    assert guest.enter().code is None


def test_a_guests_socket_that_missed_its_close_is_closed_with_its_next_frame(guest, alice, monkeypatch):
    socket = guest.enter()
    monkeypatch.setattr("chat.broadcast.close_group", lambda *arguments: None)
    admit_guests(alice, False)
    socket.say("post", ref="r1", body="Hello")
    assert socket.code == 4403 and not Message.objects.exists()


def test_a_guest_who_connects_while_an_owner_closes_the_room_is_disconnected(guest, alice, monkeypatch):
    join = rooms.join_room

    def join_and_close(person, slug):
        member = join(person, slug)
        admit_guests(alice, False)
        return member

    monkeypatch.setattr("chat.services.rooms.join_room", join_and_close)
    assert guest.enter().code == 4403


def test_only_owners_and_operators_can_close_a_room_to_guests(guest, alice, as_bob, root, set_role, bob):
    set_role(bob, Member.MODERATOR)
    assert as_bob("PUT", "/api/rooms/garden/", {"guests": False}) == (403, "forbidden")
    assert as_bob("PUT", "/api/rooms/attic/", {"guests": False}) == (404, "not_found")
    assert guest.client.put("/api/rooms/garden/", {"guests": False}, "application/json").status_code == 403
    assert wire.Caller(root)("PUT", "/api/rooms/garden/", {"guests": False})[0] == 200
    assert wire.Caller(alice)("PUT", "/api/rooms/garden/", {"guests": "no"}) == (400, "invalid_field")


def test_a_room_can_be_created_closed_to_guests(guest, as_alice):
    body = as_alice("POST", "/api/rooms/", {"slug": "attic", "name": "Attic", "guests": False})[1]
    assert body["guests"] is False
    assert guest.say("r1", "/api/rooms/attic/messages/") == 403


def test_a_guest_with_an_invitation_cannot_enter_a_closed_private_room(guest, alice):
    rooms.create_room(alice, "cellar", "The cellar", is_private=True, guests=False)
    key = invitations.create_invitation(alice, "cellar")[1]
    response = guest.client.post("/api/invitations/", {"key": key}, "application/json")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


def test_the_page_of_a_room_has_a_form_that_closes_and_opens_it_to_guests(guest, alice):
    browser, socket = wire.browser_of(alice), guest.enter()
    assert b"Close to guests" in browser.get("/rooms/garden/").content
    assert browser.post("/rooms/garden/guests/", {"guests": "closed"}).status_code == 302
    socket.read()
    assert socket.code == 4403
    assert b"Open to guests" in browser.get("/rooms/garden/").content
    browser.post("/rooms/garden/guests/", {"guests": "open"})
    assert guest.enter().code is None


def test_an_operator_can_close_a_room_to_guests_in_the_admin(guest, admin_browser, room):
    socket = guest.enter()
    fields = {"name": "The garden", "topic": "", "closed_to_guests": "on"}
    assert admin_browser.post(f"/admin/chat/room/{room.id}/change/", fields).status_code == 302
    socket.read()
    assert socket.code == 4403
    assert admin_browser.post(f"/admin/chat/room/{room.id}/change/", {**fields, "name": "a\u202eb"}).status_code == 200


def test_closing_rooms_to_guests_does_not_affect_visitors_of_boards(admitted):
    Room.objects.update(closed_to_guests=True)
    socket = admitted.room()
    assert socket.code is None and socket.post("r1")["type"] == "ack"
