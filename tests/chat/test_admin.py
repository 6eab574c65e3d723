"""The operators' pages: what they change, every open tab sees; and nobody gives themselves more than they have."""

import pytest
from django.contrib.auth.models import Permission

from chat.models import Member, Message, Person, Room, Token
from chat.services import people, rooms
from tests import wire
from tests.chat.helpers import save

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "page",
    [
        "",
        "chat/room/",
        "chat/person/",
        "chat/member/",
        "chat/message/",
        "chat/token/",
        "chat/room/add/",
        "chat/member/add/",
    ],
)
def test_every_page_opens(office, enter, alice, page):
    enter(alice).post("r1", "<script>alert(1)</script>")
    people.make_token(alice, "bot")
    answer = office.get(f"/admin/{page}", {"q": "a"} if page.count("/") == 2 else {})
    assert answer.status_code in (200, 302)
    assert b"<script>alert" not in answer.content


def test_every_row_opens(office, enter, alice, room):
    enter(alice).post("r1")
    token, _ = people.make_token(alice, "bot")
    rows = [
        ("room", room),
        ("person", alice),
        ("member", Member.objects.get()),
        ("token", token),
        ("message", Message.objects.get()),
    ]
    for name, row in rows:
        assert office.get(f"/admin/chat/{name}/{row.id}/change/").status_code == 200
    assert token.digest.encode() not in office.get(f"/admin/chat/token/{token.id}/change/").content


def test_the_office_is_closed_to_others(alice, charlie):
    for person in (alice, charlie):
        assert wire.browser_of(person).get("/admin/")["Location"].startswith("/admin/login/")


def test_an_operator_signs_in_by_handle(root, client):
    client.post("/admin/login/", {"username": "ROOT", "password": "a long password"})
    assert client.get("/admin/").status_code == 200


def test_removed_messages_vanish_in_every_tab(office, enter, alice):
    tab = enter(alice)
    tab.post("r1")
    tab.post("r2")
    chosen = Message.objects.get(number=1).id
    answer = office.post("/admin/chat/message/", {"action": "remove_messages", "_selected_action": [chosen]})
    assert answer.status_code == 302
    event = tab.seen("message")[-1]
    assert (event["id"], event["offset"], event["removed"]) == (1, 3, True)
    assert Message.objects.filter(body="Hello").count() == 1


@pytest.mark.parametrize("page", ["message/add/", "message/{id}/delete/"])
def test_messages_are_neither_written_nor_deleted(office, enter, alice, page):
    enter(alice).post("r1")
    page = page.format(id=Message.objects.get().id)
    assert office.post(f"/admin/chat/{page}", {"post": "yes"}).status_code == 403
    office.post("/admin/chat/message/", {"action": "delete_selected", "_selected_action": [1], "post": "yes"})
    assert Message.objects.count() == 1


def test_a_ban_closes_the_sockets(office, enter, bob):
    tab = enter(bob)
    member = Member.objects.get(person=bob)
    save(office, f"/admin/chat/member/{member.id}/change/", role="banned")
    tab.read()
    assert tab.code == 4403


def test_a_standing_that_is_taken_away_closes_the_sockets(office, enter, bob):
    tab = enter(bob)
    member = Member.objects.get(person=bob)
    save(office, f"/admin/chat/member/{member.id}/delete/", post="yes")
    tab.read()
    assert tab.code == 4403 and not Member.objects.filter(person=bob).exists()


def test_a_role_is_given_without_a_socket_closing(office, enter, bob):
    tab = enter(bob)
    member = Member.objects.get(person=bob)
    save(office, f"/admin/chat/member/{member.id}/change/", role="muted")
    assert tab.post("r1")["code"] == "muted" and tab.code is None


def test_deactivating_somebody_closes_their_sockets(office, enter, bob):
    tab = enter(bob)
    save(office, f"/admin/chat/person/{bob.id}/change/", is_staff="")
    tab.read()
    assert tab.code == 4401
    assert not Person.objects.get(id=bob.id).is_active


def test_saving_a_person_as_they_are_closes_nothing(office, enter, bob):
    tab = enter(bob)
    save(office, f"/admin/chat/person/{bob.id}/change/", is_active="on")
    assert tab.post("r1")["type"] == "ack"


@pytest.mark.parametrize("by", ["page", "list"])
def test_a_deleted_token_closes_its_sockets(office, alice, room, by):
    token, key = people.make_token(alice, "bot")
    bot = wire.Socket("/chat/garden/", origin=None, headers={"authorization": f"Bearer {key}"}).connect()
    if by == "page":
        save(office, f"/admin/chat/token/{token.id}/delete/", post="yes")
    else:
        save(office, "/admin/chat/token/", action="delete_selected", _selected_action=[token.id], post="yes")
    bot.read()
    assert bot.code == 4401 and not Token.objects.exists()


def test_a_new_room_is_told_to_the_lobby_and_has_a_proper_address(office, room):
    lobby = wire.Socket("/lobby/").connect()
    answer = office.post("/admin/chat/room/add/", {"slug": "No Slug", "name": "Attic"})
    assert answer.status_code == 200 and b"must be 1 to 50" in answer.content
    save(office, "/admin/chat/room/add/", slug="attic", name="Attic")
    assert lobby.read() == [{"type": "updated"}]
    attic = Room.objects.get(slug="attic")
    save(office, f"/admin/chat/room/{attic.id}/change/", slug="cellar", name="Cellar")
    attic.refresh_from_db()
    assert (attic.slug, attic.name) == ("attic", "Cellar")


def test_saving_a_room_leaves_what_was_said_meanwhile_alone(office, alice, enter, room, monkeypatch):
    real = rooms.save_room

    def post_meanwhile(*arguments):
        enter(alice).post("r1")
        real(*arguments)

    monkeypatch.setattr(rooms, "save_room", post_meanwhile)
    before = room.changed_at
    office.post(f"/admin/chat/room/{room.id}/change/", {"name": "The park", "topic": ""})
    room.refresh_from_db()
    assert (room.name, room.topic, room.offset) == ("The park", "", 1)
    assert room.last_at is not None and room.changed_at > before
    assert enter(alice).post("r2")["offset"] == 2


@pytest.mark.parametrize("by", ["page", "list"])
def test_an_empty_room_is_deleted_with_its_sockets(office, alice, by):
    rooms.create_room(alice, "attic", "Attic")
    tab, lobby = wire.Socket("/chat/attic/", wire.browser_of(alice)).connect(), wire.Socket("/lobby/").connect()
    attic = Room.objects.get(slug="attic")
    if by == "page":
        save(office, f"/admin/chat/room/{attic.id}/delete/", post="yes")
    else:
        save(office, "/admin/chat/room/", action="delete_selected", _selected_action=[attic.id], post="yes")
    tab.read()
    assert tab.code == 4404 and lobby.read() == [{"type": "updated"}]


def test_people_are_neither_made_nor_deleted(office, bob):
    assert office.get("/admin/chat/person/add/").status_code == 403
    assert office.post(f"/admin/chat/person/{bob.id}/delete/", {"post": "yes"}).status_code == 403


def test_staff_give_themselves_no_more_than_they_have(bob):
    Person.objects.filter(id=bob.id).update(is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__in=["change_person", "view_person"]))
    path = f"/admin/chat/person/{bob.id}/change/"
    wire.browser_of(bob).post(path, {"is_active": "on", "is_superuser": "on", "is_staff": "on"})
    bob.refresh_from_db()
    assert not bob.is_superuser and bob.is_staff
