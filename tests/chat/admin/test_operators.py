"""The admin's pages of announcements, and its actions on selected people."""

import pytest

from chat.models import Announcement, Person, Receipt
from chat.services import announcements, people
from tests.chat.helpers import Browser
from tests.chat.services.announcements.helpers import received

pytestmark = pytest.mark.django_db(transaction=True)


def add_announcement(admin_browser, **fields):
    form = {"text": "Hello", "level": "info", "slug": "", "hours": "24", **fields}
    return admin_browser.post("/admin/chat/announcement/add/", form)


def test_adding_an_announcement_publishes_it(admin_browser, root, alice, enter, room):
    socket = enter(alice)
    assert admin_browser.get("/admin/chat/announcement/add/").status_code == 200
    assert (
        add_announcement(admin_browser, text=" Closing ", level="urgent", slug="garden", hours="0.5").status_code == 302
    )
    [event] = socket.seen("announcement")
    assert (event["text"], event["level"]) == ("Closing", "urgent")
    announcement = Announcement.objects.get()
    assert (announcement.room, announcement.created_by) == (room, root)
    assert (announcement.expires_at - announcement.created_at).total_seconds() == 1800
    assert admin_browser.get(f"/admin/chat/announcement/{announcement.id}/change/").status_code == 200
    assert b"Closing" in admin_browser.get("/admin/chat/announcement/", {"q": "clos"}).content


@pytest.mark.parametrize(
    "fields",
    [
        {"text": " "},
        {"text": "x" * 1001},
        {"level": "loud"},
        {"hours": "0"},
        {"hours": "1e9"},
        {"hours": "nan"},
        {"hours": "inf"},
        {"hours": "soon"},
        {"slug": "nowhere"},
        {"slug": "../x"},
    ],
)
def test_the_error_of_an_invalid_announcement_is_shown_beside_the_form(admin_browser, fields):
    response = add_announcement(admin_browser, **fields)
    assert response.status_code == 200 and b"errorlist" in response.content
    assert not Announcement.objects.exists()


@pytest.mark.parametrize("by", ["page", "list"])
def test_deleting_an_announcement_withdraws_it(admin_browser, alice, enter, by):
    announcement = announcements.announce("A mistake")
    if by == "page":
        response = admin_browser.post(f"/admin/chat/announcement/{announcement.id}/delete/", {"post": "yes"})
    else:
        body = {"action": "delete_selected", "_selected_action": [announcement.id], "post": "yes"}
        response = admin_browser.post("/admin/chat/announcement/", body)
    assert response.status_code == 302
    assert received(enter(alice)) == [] and b"0 announcements" in admin_browser.get("/admin/chat/announcement/").content


def test_an_announcement_cannot_be_changed(admin_browser):
    announcement = announcements.announce("As it was")
    path = f"/admin/chat/announcement/{announcement.id}/change/"
    assert admin_browser.post(path, {"text": "Otherwise", "level": "info"}).status_code == 403


def run_action(admin_browser, action, *chosen, **fields):
    body = {"action": action, "_selected_action": [person.id for person in chosen], **fields}
    return admin_browser.post("/admin/chat/person/", body, follow=True).content.decode()


def test_the_action_whispers_to_the_selected_people_only(admin_browser, root, alice, bob, enter):
    socket, other = enter(alice), enter(bob)
    assert "Done: Alice." in run_action(admin_browser, "whisper", alice, text="Psst")
    assert (received(socket), received(other)) == (["Psst"], [])
    assert Announcement.objects.get().created_by == root
    assert "Alice: &#39;text&#39; must not be empty." in run_action(admin_browser, "whisper", alice, text=" ")


@pytest.mark.parametrize("action", ["whisper", "disconnect"])
def test_an_action_on_a_board_visitor_does_not_affect_the_account_with_the_same_handle(
    admin_browser, alice, enter, action
):
    account, board = enter(alice), Browser().make_board(handle="Alice").room()
    run_action(admin_browser, action, Person.objects.get(handle="Alice", handle_key=None), text="Psst")
    found = [(received(socket), socket.code) for socket in (account, board)]
    assert found == [([], None), (["Psst"], None) if action == "whisper" else ([], 4403)]


def test_the_action_disconnects_the_selected_people_only(admin_browser, alice, bob, enter):
    socket, other = enter(alice), enter(bob)
    assert "Done: Bob." in run_action(admin_browser, "disconnect", bob)
    socket.read(), other.read()
    assert (socket.code, other.code) == (None, 4403)


def test_an_action_on_an_expired_guest_does_not_affect_the_next_guest_with_the_same_handle(
    admin_browser, charlie, enter
):
    people.sweep_guests()
    Person.objects.filter(id=charlie.id).update(is_active=False, handle_key=None)
    next_charlie = people.sign_up_guest("Charlie")
    socket = enter(next_charlie)
    assert "none of the selected people is active" in run_action(admin_browser, "whisper", charlie, text="Psst")
    assert received(socket) == [] and not Receipt.objects.exists()
