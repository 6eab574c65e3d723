"""What a search finds, in which order, and for whom."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import Member, Message, Room, full_text
from chat.protocol import React
from chat.services import people, rooms, search
from chat.services.search import finding
from tests.chat.helpers import assert_refused
from tests.chat.services.search.helpers import find, find_snippet, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_words_phrases_and_the_beginning_of_the_last_word_are_found(writer, alice):
    post(writer, "Red roses")
    post(writer, "Roses are red")
    post(writer, "White lilies")
    assert find(alice, "red roses") == ["Roses are red", "Red roses"]
    assert find(alice, '"red roses"') == ["Red roses"]
    assert find(alice, '"are red"') == ["Roses are red"] and find(alice, '"red are"') == []
    assert find(alice, "RED ros") == ["Roses are red", "Red roses"]
    for beginning in ("li", "lil", "lili"):
        assert find(alice, beginning) == ["White lilies"]
    post(writer, "You and I do it")
    for text in ('"you and i do it"', '"and i do"', "and-i-do", '"you and" "do it"'):
        assert find(alice, text) == ["You and I do it"]
    assert find(alice, '"i and you"') == []
    assert find(alice, "ros red") == [] and find(alice, "l") == [] and find(alice, "weeds") == []


@pytest.mark.parametrize(
    "text, found",
    [
        ("東京都", ["東京都庁"]),
        ("京", ["東京都庁"]),
        ("庁", ["東京都庁"]),
        ("東京", ["東京都庁"]),
        ("都京", []),
        ("茶", ["お茶を飲む", "茶"]),
        ("飲む", ["お茶を飲む"]),
        ("학교", ["학교에서"]),
        ("创 iph", ["我的iPhone很有创意"]),
        ('"iphone很有"', ["我的iPhone很有创意"]),
        ("ガラス", ["ｶﾞﾗｽ"]),
        ("👍", ["Fine 👍"]),
        ("ecole", ["École"]),
    ],
)
def test_text_in_different_scripts_is_found(writer, alice, text, found):
    for body in ["東京都庁", "茶", "お茶を飲む", "학교에서", "我的iPhone很有创意", "ｶﾞﾗｽ", "Fine 👍", "École"]:
        post(writer, body)
    assert find(alice, text) == found


def test_filters_by_author_room_link_and_date(writer, alice, bob):
    post(writer, "Roses, see https://roses.example")
    post(rooms.join_room(bob, "garden"), "Roses from Bob, `https://code.example`")
    rooms.create_room(bob, "attic", "The attic")
    post(rooms.join_room(bob, "attic"), "Roses in the attic")
    old = Message.objects.get(body="Roses in the attic")
    Message.objects.filter(id=old.id).update(created_at=timezone.now() - timedelta(days=3))
    assert len(find(alice, "roses from:bob")) == 2
    assert find(alice, "roses", author="Bob", room="garden") == ["Roses from Bob, `https://code.example`"]
    assert find(alice, "in:attic") == ["Roses in the attic"]
    assert find(alice, "has:link") == ["Roses, see https://roses.example"]
    yesterday = (timezone.now() - timedelta(days=1)).date()
    assert find(alice, f"roses before:{yesterday}") == ["Roses in the attic"]
    assert len(find(alice, f"roses after:{yesterday}")) == 2
    assert find(alice, f"roses after:{yesterday} before:{yesterday}") == []
    assert find(alice, "roses after:9999-01-01") == [] == find(alice, "roses before:0001-02-01")
    assert len(find(alice, "roses after:0001-01-02 before:9999-12-30")) == 3


def test_pages_have_the_newest_messages_first(writer, alice, monkeypatch):
    monkeypatch.setattr(finding, "RESULTS_PER_PAGE", 2)
    for number in range(5):
        post(writer, f"rose {number}")
    assert find(alice, "rose") == ["rose 4", "rose 3"]
    assert find(alice, "rose", page=1) == ["rose 2", "rose 1"]
    assert find(alice, "rose", page=2) == ["rose 0"]
    query = search.read_query("rose", {})
    assert [search.search(alice, query, page)[1] for page in range(3)] == [True, True, False]
    monkeypatch.setattr(finding, "MAX_PAGES", 2)
    assert search.search(alice, query, 1)[1] is False
    assert search.search(alice, query, 2) == ([], False)


def test_old_messages_are_found_behind_many_newer_ones(writer, alice, monkeypatch):
    monkeypatch.setattr(full_text, "NEWEST_READ", 2)
    monkeypatch.setattr(full_text, "BLOCK_BITS", (1, 2, 3))
    for number in range(20):
        post(writer, f"rose {number}" if number % 7 == 0 else f"weed {number}")
    assert find(alice, "rose") == ["rose 14", "rose 7", "rose 0"]
    assert find(alice, "weed")[-1] == "weed 1" and len(find(alice, "weed")) == 17


def test_a_result_is_the_message_as_everybody_sees_it(writer, alice, bob):
    number = post(writer, "Hello @Bob and <b>roses</b>")
    rooms.set_reaction(writer, React("r1", number, "👍", True))
    search.index_changes()
    [result] = search.search(bob, search.read_query("roses", {}))[0]
    assert (result.room.slug, result.message["id"], result.message["reactions"]) == (
        "garden",
        number,
        {"👍": ["Alice"]},
    )
    assert result.message["mentions"] == ["Bob"]
    assert find_snippet(bob, "roses") == "Hello @Bob and &lt;b&gt;<mark>roses</mark>&lt;/b&gt;"


# The next tests are about rights.


def test_only_members_find_messages_of_a_private_room(alice, bob):
    private = rooms.create_room(alice, "den", "The den", is_private=True)
    member = rooms.join_room(alice, private.slug)
    post(member, "Secret roses")
    assert find(alice, "roses") == ["Secret roses"] == find(alice, f"in:{private.slug}")
    assert find(bob, "roses") == []
    assert_refused("not_found", find, bob, f"in:{private.slug}")
    rooms.delete_member(member)
    assert find(alice, "roses") == []


def test_a_banned_person_finds_nothing_in_the_room(writer, bob):
    post(writer, "Red roses")
    member = rooms.join_room(bob, "garden")
    assert find(bob, "roses") == ["Red roses"]
    rooms.apply_role(member, Member.BANNED)
    assert find(bob, "roses") == []
    assert_refused("forbidden", find, bob, "roses in:garden")


def test_a_guest_finds_messages_in_the_rooms_that_are_open_to_guests(writer, alice, charlie):
    post(writer, "Red roses")
    for slug in ("attic", "cellar"):
        rooms.create_room(alice, slug, slug)
        post(rooms.join_room(alice, slug), f"Roses in the {slug}")
    rooms.set_guests(alice, "attic", False)
    assert find(charlie, "roses") == ["Roses in the cellar", "Red roses"]
    rooms.set_guests(alice, "cellar", False)
    assert find(charlie, "roses") == ["Red roses"]


def test_a_guest_finds_nothing_in_rooms_that_are_closed_to_guests(writer, alice, charlie):
    post(writer, "Red roses")
    assert find(charlie, "roses") == ["Red roses"]
    rooms.set_guests(alice, "garden", False)
    assert find(charlie, "roses") == []
    assert_refused("forbidden", find, charlie, "roses in:garden")


def test_a_ban_of_a_guest_holds_for_the_other_guests_of_the_browser(writer, db):
    post(writer, "Red roses")
    first = people.sign_up_guest("First")
    second = people.sign_up_guest("Second")
    for guest in (first, second):
        guest.browser = "b1"
        guest.save()
    assert find(second, "roses") == ["Red roses"]
    rooms.apply_role(rooms.join_room(first, "garden"), Member.BANNED)
    assert find(second, "roses") == []


def test_no_search_finds_messages_of_boards(admitted, alice):
    room = admitted.room()
    assert room.post("r1", "Secret plans")["type"] == "ack"
    for person in (alice, Message.objects.get().author):
        assert find(person, "plans") == []
        assert_refused("not_found", find, person, f"in:{Message.objects.get().room.slug}")


def test_an_unknown_author_or_room_is_an_error(alice, room):
    assert_refused("not_found", find, alice, "from:nobody")
    assert_refused("not_found", find, alice, "in:nowhere")


def test_a_person_in_many_private_rooms_can_search(alice, writer):
    post(writer, "Red roses")
    slugs = [f"den-{number}" for number in range(1200)]
    dens = Room.objects.bulk_create(Room(slug=slug, name="Den", access=Room.PRIVATE) for slug in slugs)
    first = Room.objects.get(slug="den-0")
    for den in Room.objects.filter(access=Room.PRIVATE):
        Member.objects.create(room=den, person=alice)
    post(rooms.join_room(alice, first.slug), "Roses in the den")
    assert len(dens) == 1200 and find(alice, "roses") == ["Roses in the den", "Red roses"]
