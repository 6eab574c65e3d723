"""The owners of a room choose the people who may call everybody there with `@all` and `@here`."""

import pytest

from chat import protocol
from chat.models import Member, Room
from chat.services import directs, rooms
from tests import wire
from tests.chat.helpers import assert_refused, save

pytestmark = pytest.mark.django_db(transaction=True)

ROLES = (Member.GUEST, Member.MEMBER, Member.MODERATOR, Member.OWNER)


def find_audience(room):
    return rooms.get_page(room, None, 1)[0][0].get("audience")


@pytest.mark.parametrize(
    "callers, allowed",
    [
        (None, (Member.MODERATOR, Member.OWNER)),
        ("everyone", ROLES),
        ("moderators", (Member.MODERATOR, Member.OWNER)),
        ("owners", (Member.OWNER,)),
        ("nobody", ()),
    ],
)
@pytest.mark.parametrize("word", ["all", "here"])
def test_the_setting_of_a_room_says_which_roles_call_everybody(alice, bob, room, post, callers, allowed, word):
    Room.objects.update(callers=callers)
    rooms.join_room(bob, "garden")
    for role in ROLES:
        Member.objects.filter(person=bob).update(role=role)
        post(bob, f"@{word} come")
        assert (find_audience(room) == word) == (role in allowed), role


def test_a_call_that_is_not_allowed_is_plain_text_and_notifies_nobody(alice, bob, charlie, room, stream, post):
    for person in (bob, charlie):
        rooms.join_room(person, "garden")
    socket = stream(charlie)
    rooms.set_callers(alice, "garden", "owners")
    socket.read()
    post(bob, "@all come")
    assert socket.seen("mention") == [] and find_audience(room) is None
    rooms.set_callers(alice, "garden", "everyone")
    post(bob, "@all really")
    assert [mention["audience"] for mention in socket.seen("mention")] == ["all"]


def test_an_edit_keeps_a_call_only_while_its_author_may_call(alice, bob, room, post):
    rooms.set_callers(alice, "garden", "everyone")
    post(bob, "@all come")
    member = Member.objects.get(person=bob)
    rooms.edit_message(member, protocol.Edit("e1", 1, "@all Come"))
    assert find_audience(room) == "all"
    rooms.set_callers(alice, "garden", "nobody")
    rooms.edit_message(Member.objects.get(person=bob), protocol.Edit("e2", 1, "@all come now"))
    assert find_audience(room) is None


def test_a_frame_reads_the_setting_without_a_further_statement(alice, bob, room, enter):
    rooms.set_callers(alice, "garden", "everyone")
    tab = enter(bob)
    assert tab.post("r1", body="@all come")["type"] == "ack"
    assert tab.seen("message")[-1]["audience"] == "all"
    member = Member.objects.find_with_credential(Member.objects.get(person=bob).id)
    assert member.room.__dict__["callers"] == "everyone"


def test_everyone_calls_everybody_in_a_direct_conversation_without_a_second_notice(
    alice, bob, charlie, stream, settings
):
    settings.CHAT_DIRECTS = directs.EVERYONE
    room = directs.open_direct(alice, ["Bob", "Charlie"])[0]
    socket = stream(bob)
    assert [place["callers"] for place in socket.events[0]["rooms"]] == ["everyone"]
    assert wire.Socket(f"/chat/{room.slug}/", wire.browser_of(bob)).connect().events[0]["room"]["callers"] == "everyone"
    rooms.post_message(rooms.join_room(charlie, room.slug), protocol.Post("r1", "@all come"))
    assert find_audience(room) == "all"
    assert [mention.get("direct") for mention in socket.seen("mention")] == [True]
    assert_refused("forbidden", rooms.set_callers, alice, room.slug, "nobody")


def test_pages_learn_the_setting_when_they_join_and_when_it_changes(alice, bob, room, stream, enter):
    rooms.join_room(bob, "garden")
    socket = stream(bob)
    assert "callers" not in socket.events[0]["rooms"][0] and "callers" not in enter(bob).events[0]["room"]
    rooms.set_callers(alice, "garden", "nobody")
    [event] = socket.seen("room")
    assert event == {"type": "room", "slug": "garden", "callers": "nobody"}
    assert stream(bob).events[0]["rooms"][0]["callers"] == "nobody"
    assert enter(bob).events[0]["room"]["callers"] == "nobody"
    rooms.set_callers(alice, "garden", "moderators")
    assert socket.read()[-1]["callers"] == "moderators"


def test_owners_choose_it_with_the_api(as_alice, as_bob, room):
    path = "/api/rooms/garden/"
    assert "callers" not in as_alice("GET", "/api/rooms/")[1]["rooms"][0]
    assert as_alice("PUT", path, {"callers": "owners"})[1]["callers"] == "owners"
    assert as_alice("GET", "/api/rooms/")[1]["rooms"][0]["callers"] == "owners"
    assert as_alice("PUT", path, {"name": "The park"})[1]["callers"] == "owners"
    assert "callers" not in as_alice("PUT", path, {"callers": "moderators"})[1]
    assert as_alice("PUT", path, {"callers": "strangers"}) == (400, "invalid_field")
    assert as_bob("PUT", path, {"callers": "everyone"}) == (403, "forbidden")


def test_operators_choose_it_in_the_admin(admin_browser, room):
    path = f"/admin/chat/room/{room.id}/change/"
    assert b'<option value="moderators" selected>' in admin_browser.get(path).content
    save(admin_browser, path, name="The garden", callers="nobody")
    room.refresh_from_db()
    assert room.callers == "nobody"
    save(admin_browser, path, name="The park", callers="nobody")
    room.refresh_from_db()
    assert (room.name, room.callers) == ("The park", "nobody")
