"""The admin's pages of rooms and messages: open tabs receive the change of an operator."""

import pytest

from chat.models import Message, Room
from chat.services import rooms
from tests import wire
from tests.chat.helpers import save

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_tab_receives_an_event_when_an_operator_removes_a_message(admin_browser, enter, alice):
    tab = enter(alice)
    tab.post("r1")
    tab.post("r2")
    chosen = Message.objects.get(number=1).id
    response = admin_browser.post("/admin/chat/message/", {"action": "remove_messages", "_selected_action": [chosen]})
    assert response.status_code == 302
    event = tab.seen("message")[-1]
    assert (event["id"], event["offset"], event["removed"]) == (1, 3, True)
    assert Message.objects.filter(body="Hello").count() == 1


@pytest.mark.parametrize("page", ["message/add/", "message/{id}/delete/"])
def test_an_operator_cannot_add_or_delete_messages(admin_browser, enter, alice, page):
    enter(alice).post("r1")
    page = page.format(id=Message.objects.get().id)
    assert admin_browser.post(f"/admin/chat/{page}", {"post": "yes"}).status_code == 403
    admin_browser.post("/admin/chat/message/", {"action": "delete_selected", "_selected_action": [1], "post": "yes"})
    assert Message.objects.count() == 1


def test_a_new_room_has_a_valid_slug_and_updates_the_lobby(admin_browser, room):
    lobby = wire.Socket("/lobby/").connect()
    response = admin_browser.post("/admin/chat/room/add/", {"slug": "No Slug", "name": "Attic"})
    assert response.status_code == 200 and b"must be 1 to 50" in response.content
    save(admin_browser, "/admin/chat/room/add/", slug="attic", name="Attic")
    assert lobby.read() == [{"type": "updated"}]
    attic = Room.objects.get(slug="attic")
    save(admin_browser, f"/admin/chat/room/{attic.id}/change/", slug="cellar", name="Cellar")
    attic.refresh_from_db()
    assert (attic.slug, attic.name) == ("attic", "Cellar")


def test_saving_a_room_keeps_a_message_that_is_posted_during_the_save(admin_browser, alice, enter, room, monkeypatch):
    real = rooms.save_room

    def post_meanwhile(*arguments):
        enter(alice).post("r1")
        real(*arguments)

    monkeypatch.setattr(rooms, "save_room", post_meanwhile)
    before = room.changed_at
    admin_browser.post(f"/admin/chat/room/{room.id}/change/", {"name": "The park", "topic": ""})
    room.refresh_from_db()
    assert (room.name, room.topic, room.offset) == ("The park", "", 1)
    assert room.last_at is not None and room.changed_at > before
    assert enter(alice).post("r2")["offset"] == 2


@pytest.mark.parametrize("by", ["page", "list"])
def test_deleting_a_room_closes_its_sockets_and_updates_the_lobby(admin_browser, alice, by):
    rooms.create_room(alice, "attic", "Attic")
    tab, lobby = wire.Socket("/chat/attic/", wire.browser_of(alice)).connect(), wire.Socket("/lobby/").connect()
    attic = Room.objects.get(slug="attic")
    if by == "page":
        save(admin_browser, f"/admin/chat/room/{attic.id}/delete/", post="yes")
    else:
        save(admin_browser, "/admin/chat/room/", action="delete_selected", _selected_action=[attic.id], post="yes")
    tab.read()
    assert tab.code == 4404 and lobby.read() == [{"type": "updated"}]
