"""Direct conversations: who may open them, who receives them, and that nobody else can find them."""

import pytest

from chat import protocol
from chat.models import Member, Room
from chat.protocol import ChatError
from chat.services import blocks, directs, invitations, moderation, people, rooms
from tests import wire
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dora(db):
    return people.sign_up("Dora", "correct horse")


@pytest.fixture
def direct(alice, bob):
    """Return the direct conversation of Alice and Bob."""
    return directs.open_direct(alice, ["Bob"])[0]


def code_of(function, *arguments):
    with pytest.raises(ChatError) as caught:
        function(*arguments)
    return caught.value.code


def test_the_same_people_get_the_same_conversation(alice, bob, dora):
    by_alice, by_bob = Caller(alice), Caller(bob)
    status, direct = by_alice("POST", "/api/directs/", {"handles": ["bob"]})
    assert (status, direct["kind"], direct["people"]) == (201, "direct", ["Alice", "Bob"])
    assert by_bob("POST", "/api/directs/", {"handles": ["Alice", "Bob"]}) == (200, direct)
    status, other = by_bob("POST", "/api/directs/", {"handles": ["Alice", "Dora"]})
    assert status == 201 and other["slug"] != direct["slug"]
    assert by_alice("POST", "/api/directs/", {"handles": ["Dora", "Bob"]}) == (200, other)


@pytest.mark.parametrize("handles", [[], ["Alice"], "Bob", [1], ["Bob"] * 10])
def test_a_conversation_needs_two_to_nine_people(alice, bob, handles):
    assert Caller(alice)("POST", "/api/directs/", {"handles": handles})[0] == 400


@pytest.mark.parametrize("count", [0, 9, 10])
def test_the_error_of_too_few_or_too_many_handles_says_how_many_other_people_are_possible(alice, count):
    handles = [people.sign_up(f"P{number}", "correct horse").handle for number in range(count)]
    caller = Caller(alice)
    assert caller("POST", "/api/directs/", {"handles": handles}) == (400, "invalid_field")
    assert caller.response.json()["detail"] == "'handles' must name 1 to 8 other people."


def test_a_conversation_of_ten_people_is_refused(alice):
    for number in range(9):
        people.sign_up(f"P{number}", "correct horse")
    assert code_of(directs.open_direct, alice, [f"P{number}" for number in range(9)]) == "invalid_field"
    assert len(directs.open_direct(alice, [f"P{number}" for number in range(8)])[1]) == 9


def test_another_request_may_create_the_conversation_at_the_same_moment(alice, bob, monkeypatch):
    create = directs._create

    def create_twice(*arguments):
        create(*arguments)
        return create(*arguments)

    monkeypatch.setattr(directs, "_create", create_twice)
    room, _, is_new = directs.open_direct(alice, ["Bob"])
    assert not is_new and Room.objects.filter(access=Room.DIRECT).get() == room


def test_other_people_cannot_find_the_conversation(alice, bob, dora, direct):
    assert wire.Socket(f"/chat/{direct.slug}/", wire.browser_of(dora)).connect().code == 4404
    assert Caller(dora)("GET", f"/api/rooms/{direct.slug}/messages/") == (404, "not_found")
    for person in (alice, dora):
        assert Caller(person)("GET", "/api/rooms/")[1]["rooms"] == []
    assert wire.Socket(f"/chat/{direct.slug}/", wire.browser_of(bob)).connect().code is None


def test_the_page_names_the_others_by_their_profile_names(alice, bob, dora):
    room, _, _ = directs.open_direct(alice, ["Bob", "Dora"])
    people.change_profile(bob, {"name": "Robert Müller"})
    assert directs.name_for(alice, room) == "Robert Müller, Dora"
    page = wire.browser_of(alice).get(f"/rooms/{room.slug}/").content.decode()
    assert 'placeholder="Write to Robert Müller, Dora"' in page


def test_people_can_neither_join_nor_leave_the_conversation(alice, dora, direct):
    assert code_of(invitations.create_invitation, alice, direct.slug) == "forbidden"
    assert code_of(invitations.leave_room, alice, direct.slug) == "forbidden"
    assert code_of(moderation.change_role, None, direct, dora, Member.MEMBER) == "forbidden"
    assert Caller(dora)("PUT", f"/api/rooms/{direct.slug}/membership/", {}) == (404, "not_found")


def test_a_direct_message_reaches_the_streams_of_the_others(alice, bob, stream, post):
    of_alice, of_bob = stream(alice), stream(bob)
    direct, _, _ = directs.open_direct(alice, ["Bob"])
    [room] = of_bob.read()
    assert (room["kind"], room["name"], room["people"]) == ("direct", "Alice", ["Alice", "Bob"])
    post(alice, "Hello", slug=direct.slug)
    [mention] = of_bob.seen("mention")
    assert (mention["room"], mention["text"], mention["direct"]) == (direct.slug, "Hello", True)
    assert of_alice.seen("mention") == []
    [room] = stream(bob).events[0]["rooms"]
    assert (room["unread"], room["mentions"]) == (1, 1)


def test_a_person_with_the_level_none_is_not_notified(alice, bob, direct, stream, post):
    Member.objects.filter(person=bob).update(level=Member.NONE)
    socket = stream(bob)
    post(alice, "Hello", slug=direct.slug)
    assert socket.seen("mention") == [] and len(socket.seen("room")) == 1


def test_a_blocked_person_can_neither_open_a_conversation_nor_write_in_one_with_the_blocker(alice, bob, dora, direct):
    blocks.block_person(bob, alice)
    with pytest.raises(ChatError) as refused:
        directs.open_direct(alice, ["Bob"])
    member = rooms.join_room(alice, direct.slug)
    with pytest.raises(ChatError) as not_posted:
        rooms.post_message(member, protocol.Post("r1", "Hello"))
    detail = "This person does not accept direct messages from you."
    assert refused.value.code == not_posted.value.code == "forbidden"
    assert refused.value.detail == not_posted.value.detail == detail
    assert directs.open_direct(bob, ["Alice"])[0] == direct


def test_a_blocked_person_writes_to_the_others_of_a_larger_conversation(alice, bob, dora, stream, post):
    direct, _, _ = directs.open_direct(alice, ["Bob", "Dora"])
    blocks.block_person(bob, alice)
    of_bob, of_dora = stream(bob), stream(dora)
    post(alice, "Hello", slug=direct.slug)
    assert of_bob.seen("mention") == [] and len(of_dora.seen("mention")) == 1


@pytest.mark.parametrize(
    "setting, with_account, with_guest, in_same_room",
    [
        ("everyone", True, True, True),
        ("members", True, False, True),
        ("shared", False, False, True),
        ("nobody", False, False, False),
    ],
)
def test_the_setting_says_who_may_write_to_whom(
    alice, bob, charlie, dora, room, settings, setting, with_account, with_guest, in_same_room
):
    settings.CHAT_DIRECTS = setting
    rooms.join_room(dora, "garden")
    for handle, is_allowed in (("Bob", with_account), ("Charlie", with_guest), ("Dora", in_same_room)):
        if is_allowed:
            assert directs.open_direct(alice, [handle])[2]
        else:
            assert code_of(directs.open_direct, alice, [handle]) == "forbidden"


def test_a_blocked_person_cannot_send_text_to_the_blocker_by_an_edit(alice, bob, direct, post):
    post(alice, "Hello", slug=direct.slug)
    blocks.block_person(bob, alice)
    member = rooms.join_room(alice, direct.slug)
    assert code_of(rooms.edit_message, member, protocol.Edit("e1", 1, "Read this")) == "forbidden"
    assert rooms.remove_message(member, protocol.Remove("x1", 1)).is_new


def test_a_second_block_of_a_person_does_nothing_also_at_the_limit(alice, bob, dora, monkeypatch):
    monkeypatch.setattr(blocks, "MAX_BLOCKS", 1)
    blocks.block_person(bob, alice)
    blocks.block_person(bob, alice)
    assert code_of(blocks.block_person, bob, dora) == "forbidden"
    assert blocks.find_blocked(bob) == [alice]


def test_a_direct_message_that_mentions_a_person_notifies_once(alice, bob, direct, stream, post):
    socket = stream(bob)
    post(alice, "Hello @Bob", slug=direct.slug)
    [mention] = socket.seen("mention")
    assert mention["direct"] is True


def test_a_guest_who_returns_does_not_get_the_conversations_of_the_previous_person(alice, stream, post, settings):
    settings.CHAT_DIRECTS = directs.EVERYONE
    guest = people.sign_up_guest("Dora", browser="d" * 64)
    old, _, _ = directs.open_direct(alice, ["Dora"])
    post(guest, "A secret", slug=old.slug)
    Caller(guest).browser.delete("/api/session/")
    assert people.sign_up_guest("Dora", browser="d" * 64).id == guest.id
    assert stream(guest).events[0]["rooms"] == []
    new, _, is_new = directs.open_direct(alice, ["Dora"])
    assert is_new and new.id != old.id
    names = {room["slug"]: room["name"] for room in stream(alice).events[0]["rooms"]}
    assert (names[old.slug], names[new.slug]) == ("Alice, Dora", "Dora")
    post(alice, "Hello", slug=new.slug)
    assert [room["unread"] for room in stream(guest).events[0]["rooms"]] == [1]


def test_a_conversation_names_a_person_who_has_deleted_the_account(alice, bob, direct, stream):
    browser = wire.calm(wire.browser_of(bob))
    browser.delete("/api/profile/", {"password": "battery staple"}, content_type="application/json")
    [room] = stream(alice).events[0]["rooms"]
    assert room["name"] == f"deleted-{bob.id}"
    direct.refresh_from_db()
    assert direct.name == f"Alice, deleted-{bob.id}"


def test_the_page_of_a_conversation_has_the_handles_of_the_others(direct, alice, bob):
    for person, other in ((alice, "Bob"), (bob, "Alice")):
        page = wire.browser_of(person).get(f"/rooms/{direct.slug}/?pane=1").content.decode()
        assert f">{other}</h1>" in page
        assert "Nobody else can read it." in page
