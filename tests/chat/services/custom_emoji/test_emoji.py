"""The site's own emoji: who adds and deletes them, and where they appear."""

import io

import pytest
from PIL import Image

from chat.models import CustomEmoji
from chat.protocol import React
from chat.services import custom_emoji, files, rooms
from chat.services.custom_emoji import drawing
from tests import wire
from tests.chat.helpers import assert_refused
from tests.chat.services.rooms.actions import post

pytestmark = pytest.mark.django_db(transaction=True)


def make_png(colour="teal"):
    content = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def operator(alice):
    alice.is_staff = True
    alice.save()
    return alice


@pytest.fixture
def parrot(operator, own_files):
    return custom_emoji.add_emoji(operator, "partyparrot", make_png())


@pytest.fixture
def member(room, alice):
    return rooms.join_room(alice, "garden")


def read(member, number=1):
    messages, _ = rooms.get_page(member.room, None, 10)
    return next(message for message in messages if message["id"] == number)


def picture_of(emoji):
    return f'<img class="emoji" src="/emoji/{emoji.digest}/" alt=":partyparrot:" title=":partyparrot:">'


# Rights.


@pytest.mark.parametrize(("setting", "who"), [("operators", ["alice"]), ("members", ["alice", "bob"]), ("nobody", [])])
def test_the_setting_says_who_may_add_emoji(operator, bob, charlie, settings, own_files, setting, who):
    settings.CHAT_CUSTOM_EMOJI = setting
    for person in (operator, bob, charlie):
        if person.handle.lower() in who:
            assert custom_emoji.add_emoji(person, f"of-{person.id}", make_png()).added_by == person
        else:
            assert_refused("forbidden", custom_emoji.add_emoji, person, "no", make_png())


def test_operators_delete_emoji_of_anybody_and_members_their_own(operator, bob, charlie, parrot, settings):
    settings.CHAT_CUSTOM_EMOJI = "members"
    own = custom_emoji.add_emoji(bob, "own", make_png("red"))
    assert_refused("forbidden", custom_emoji.delete_emoji, bob, "partyparrot")
    custom_emoji.delete_emoji(bob, "own")
    assert not files.has(own.file)
    custom_emoji.add_emoji(bob, "own", make_png("red"))
    custom_emoji.delete_emoji(operator, "own")
    assert_refused("not_found", custom_emoji.delete_emoji, operator, "own")
    settings.CHAT_CUSTOM_EMOJI = "operators"
    CustomEmoji.objects.update(added_by=bob)
    assert_refused("forbidden", custom_emoji.delete_emoji, bob, "partyparrot")


@pytest.mark.parametrize("name", ["", "a", "A1", "with space", "a" * 41, "ü2", "a:b", "../x", "a\n"])
def test_a_wrong_name_is_refused(operator, name):
    assert_refused("invalid_field", custom_emoji.add_emoji, operator, name, make_png())


@pytest.mark.parametrize("name", ["partyparrot", "parrot", "smile", "grinning_face", "thumbsup"])
def test_a_name_that_is_in_use_is_refused(operator, parrot, name):
    assert_refused("taken", custom_emoji.add_emoji, operator, name, make_png())


def test_a_site_has_a_limited_number_of_emoji(operator, parrot, settings):
    settings.CHAT_MAX_CUSTOM_EMOJI = 1
    assert_refused("forbidden", custom_emoji.add_emoji, operator, "second", make_png())


def test_a_file_whose_row_is_gone_is_swept(parrot, monkeypatch):
    monkeypatch.setattr("chat.services.files.orphans.ORPHAN_SECONDS", -1)
    files.sweep_files()
    assert files.has(parrot.file)
    CustomEmoji.objects.filter(id=parrot.id)._raw_delete("default")
    files.sweep_files()
    assert not files.has(parrot.file)


# Where emoji appear.


def test_a_body_shows_the_picture_and_later_the_name_again(member, operator, parrot):
    post(member, "r1", "Hello :partyparrot:!")
    assert read(member)["html"] == f"<p>Hello {picture_of(parrot)}!</p>"
    assert read(member)["body"] == "Hello :partyparrot:!"
    assert picture_of(parrot) in rooms.preview_body("**:partyparrot:**")
    custom_emoji.delete_emoji(operator, "partyparrot")
    assert read(member)["html"] == "<p>Hello :partyparrot:!</p>"


def test_an_emoji_appears_in_messages_that_are_older_than_it(member, operator, own_files):
    post(member, "r1", "Hello :partyparrot:")
    assert "<img" not in read(member)["html"]
    parrot = custom_emoji.add_emoji(operator, "partyparrot", make_png())
    assert picture_of(parrot) in read(member)["html"]


@pytest.mark.parametrize(
    "body",
    [
        "`:partyparrot:`",
        "```\n:partyparrot:\n```",
        "    :partyparrot:",
        ":Partyparrot:",
        ": partyparrot:",
        "a:partyparrot:b",
        ":partyparro:",
        "1:partyparrot:2",
        "https://a.example/:partyparrot:/",
        "[x](https://a.example/:partyparrot:)",
        "[x](https://a.example/?a=:partyparrot:&b=1)",
    ],
)
def test_names_in_code_in_links_and_within_words_stay_text(parrot, body):
    assert "<img" not in rooms.preview_body(body)


def test_adjacent_names_and_names_between_letters_of_other_scripts_are_drawn(parrot):
    assert rooms.preview_body(":partyparrot::partyparrot: 鳥:partyparrot:鳥").count("<img") == 3


def test_markup_in_a_body_adds_no_image(parrot):
    for body in (
        '<img src="https://trap.example/x">',
        "![x](https://trap.example/x)",
        ':partyparrot" onerror="alert(1):',
    ):
        rendered = rooms.preview_body(body)
        assert "<img" not in rendered


def test_a_reaction_is_the_name_and_its_picture_comes_with_the_message(member, operator, parrot):
    post(member, "r1")
    rooms.set_reaction(member, React("e1", 1, ":partyparrot:", True))
    rooms.set_reaction(member, React("e2", 1, "👍", True))
    message = read(member)
    assert message["reactions"] == {":partyparrot:": ["Alice"], "👍": ["Alice"]}
    assert message["emoji_pictures"] == {":partyparrot:": f"/emoji/{parrot.digest}/"}
    custom_emoji.delete_emoji(operator, "partyparrot")
    message = read(member)
    assert ":partyparrot:" in message["reactions"] and "emoji_pictures" not in message
    rooms.set_reaction(member, React("e3", 1, ":partyparrot:", False))
    assert list(read(member)["reactions"]) == ["👍"]


def test_an_unknown_emoji_is_no_reaction(room, member, enter, alice):
    post(member, "r1")
    socket = enter(alice)
    answers = [
        socket.ask("react", ref=f"e{i}", id=1, emoji=emoji, on=True) for i, emoji in enumerate((":x2:", ":x:", "x"))
    ]
    assert [answer["code"] for answer in answers] == ["not_found", "invalid_field", "invalid_field"]


def test_messages_without_names_of_emoji_cost_no_query(member, parrot, django_assert_num_queries):
    custom_emoji.forget_emoji()
    with django_assert_num_queries(0):
        rooms.preview_body("Hello: see https://a.example:80/ at 10:30:")


def test_many_names_cost_one_query_for_some_seconds(parrot, django_assert_num_queries, monkeypatch):
    custom_emoji.forget_emoji()
    with django_assert_num_queries(1):
        for number in range(5):
            rooms.preview_body(f":partyparrot: {number}")
    # Another process has deleted the emoji.
    CustomEmoji.objects.all().delete()
    monkeypatch.setattr(drawing, "time", type("Clock", (), {"monotonic": lambda: drawing._kept.until + 1}))
    assert "<img" not in rooms.preview_body(":partyparrot: 1")


# The API.


def test_the_list_says_who_added_an_emoji_and_when(operator, bob, parrot):
    answer = wire.browser_of(bob).get("/api/emoji/")
    [listed] = answer.json()["emoji"]
    assert listed["name"] == "partyparrot" and listed["added_by"] == "Alice" and listed["added_at"].endswith("Z")
    assert listed["own"] is False and answer.json()["may_add"] is False
    mine = wire.browser_of(operator).get("/api/emoji/").json()
    assert mine["emoji"][0]["own"] and mine["may_add"]


def test_an_unchanged_list_is_not_sent_again(operator, parrot):
    browser = wire.browser_of(operator)
    etag = browser.get("/api/emoji/")["ETag"]
    assert browser.get("/api/emoji/", HTTP_IF_NONE_MATCH=etag).status_code == 304
    custom_emoji.delete_emoji(operator, "partyparrot")
    assert browser.get("/api/emoji/", HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_an_emoji_is_added_fetched_and_deleted_by_the_api(operator, bob, own_files):
    browser = wire.browser_of(operator)
    added = browser.put("/api/emoji/partyowl/", make_png(), content_type="image/png")
    assert added.status_code == 201 and added.json()["name"] == "partyowl"
    picture = wire.browser_of(bob).get(added.json()["url"])
    assert picture["Content-Type"] == "image/webp" and "immutable" in picture["Cache-Control"]
    assert wire.browser_of(bob).delete("/api/emoji/partyowl/").status_code == 403
    assert browser.delete("/api/emoji/partyowl/").status_code == 204
    assert wire.browser_of(bob).get(added.json()["url"]).status_code == 404


def test_a_person_adds_a_limited_number_of_emoji_at_once(operator, own_files, settings):
    settings.CHAT_LIMITS_ON = True
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "custom_emoji": (1, 0.001)}
    browser = wire.browser_of(operator)
    statuses = [browser.put(f"/api/emoji/owl-{n}/", make_png(), content_type="image/png").status_code for n in (1, 2)]
    assert statuses == [201, 429] and not CustomEmoji.objects.filter(name="owl-2").exists()
