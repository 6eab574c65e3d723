"""Profiles and pictures: what people say about themselves, and who sees it."""

import io

import pytest
from PIL import Image

from chat.models import Person, Picture, Preferences, Profile
from chat.services import images, people, rooms
from chat.services.people import pictures
from tests.chat.helpers import assert_refused

EMPTY = {"name": "", "status": "", "emoji": "", "time_zone": "", "picture": ""}


def draw(size=(300, 200), format="PNG", colour="red", **options):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, format, **options)
    return file.getvalue()


def test_a_person_begins_with_an_empty_profile(alice, charlie):
    assert people.describe_person(alice) == {"handle": "Alice", **EMPTY}
    assert people.describe_person(charlie) == {"handle": "Charlie", **EMPTY, "guest": True}
    assert not Profile.objects.exists()


def test_a_change_keeps_the_other_fields(alice):
    people.change_profile(alice, {"name": " Alice Liddell ", "emoji": "🌴"})
    people.change_profile(alice, {"status": "In Wonderland", "time_zone": "Europe/London", "emoji": ""})
    shown = people.describe_person(alice, people.get_profile(alice))
    assert shown == {
        **EMPTY,
        "handle": "Alice",
        "name": "Alice Liddell",
        "status": "In Wonderland",
        "time_zone": "Europe/London",
    }


@pytest.fixture
def meanwhile(monkeypatch):
    """Return a function that lets another request run while the next change waits for the lock of a person."""

    def meanwhile(act):
        def lock(manager, person_id):
            monkeypatch.undo()
            act()
            manager.lock(person_id)

        monkeypatch.setattr(type(Person.objects), "lock", lock)

    return meanwhile


def test_two_changes_at_the_same_time_are_both_stored(alice, meanwhile):
    meanwhile(lambda: people.set_picture(alice, draw()))
    people.change_profile(alice, {"name": "Alice Liddell"})
    meanwhile(lambda: people.change_profile(alice, {"status": "busy"}))
    people.change_profile(alice, {"emoji": "🌴"})
    meanwhile(lambda: people.change_preferences(alice, {"theme": "dark"}))
    people.change_preferences(alice, {"sound": True})
    profile, preferences = people.get_profile(alice), people.get_preferences(alice)
    assert profile.picture and (profile.name, profile.status, profile.emoji) == ("Alice Liddell", "busy", "🌴")
    assert (preferences.theme, preferences.sound) == ("dark", True)


def test_nothing_is_stored_for_an_account_that_is_deleted_at_the_same_time(alice, meanwhile):
    for change, value in (
        (people.change_profile, {"name": "Alice Liddell"}),
        (people.change_preferences, {"theme": "dark"}),
        (people.set_picture, draw()),
    ):
        meanwhile(lambda: Person.objects.filter(id=alice.id).update(is_active=False))
        assert_refused("not_signed_in", change, alice, value)
    assert not (Profile.objects.exists() or Preferences.objects.exists() or Picture.objects.exists())


@pytest.mark.parametrize(
    "field, value, code",
    [
        ("name", "x" * 65, "too_long"),
        ("name", "two\nlines", "invalid_field"),
        ("name", 7, "invalid_field"),
        ("status", "x" * 101, "too_long"),
        ("emoji", "no", "invalid_field"),
        ("time_zone", "Mars/Base", "invalid_field"),
    ],
)
def test_an_invalid_field_is_refused_and_nothing_changes(alice, field, value, code):
    assert_refused(code, people.change_profile, alice, {field: value})
    assert not Profile.objects.exists()


def test_guests_have_no_profile(charlie):
    assert_refused("forbidden", people.change_profile, charlie, {"name": "Charles"})
    assert_refused("forbidden", people.set_picture, charlie, draw())


@pytest.mark.django_db(transaction=True)
def test_the_rooms_of_a_person_receive_a_changed_profile(enter, alice, bob):
    bobs, alices = enter(bob), enter(alice)
    people.change_profile(alice, {"name": "Alice Liddell"})
    event = {"type": "profile", **EMPTY, "handle": "Alice", "name": "Alice Liddell"}
    assert event in bobs.read() and event in alices.read()


@pytest.mark.django_db(transaction=True)
def test_a_room_that_banned_the_person_receives_no_profile(enter, alice, bob):
    alices = enter(alice)
    rooms.apply_role(rooms.join_room(bob, "garden"), "banned")
    alices.read()
    people.change_profile(bob, {"name": "Robert"})
    assert [event for event in alices.read() if event["type"] == "profile"] == []


def test_profiles_are_found_by_handle_in_any_spelling(alice, bob, django_assert_num_queries):
    people.change_profile(alice, {"name": "Alice Liddell"})
    with django_assert_num_queries(1):
        found = people.find_profiles(["ALICE", "bob", "nobody"])
    assert [(person["handle"], person["name"]) for person in found] == [("Alice", "Alice Liddell"), ("Bob", "")]
    assert_refused("too_long", people.find_profiles, ["x"] * 101)


def find(asker, text, slug=None):
    return [person["handle"] for person in people.search_people(asker, text, slug)]


def test_people_are_found_by_the_beginning_of_handle_or_name(alice, bob, charlie):
    people.change_profile(bob, {"name": "Robert Alison"})
    assert find(alice, "al") == ["Alice", "Bob"]
    assert find(alice, "rob") == ["Bob"]
    assert find(alice, "lice") == []
    assert find(alice, "") == ["Alice", "Bob"]
    assert find(alice, "char") == [], "guests are found only in their rooms"


def test_a_text_that_is_longer_than_any_name_is_refused(alice):
    # SQLite would refuse a pattern of this length with an error that looks like an outage of the database.
    for text in ("x" * 60_000, "\ufdfa" * 3000):
        assert_refused("too_long", people.search_people, alice, text)


def test_in_a_room_only_its_members_are_found(alice, bob, charlie, room):
    rooms.join_room(charlie, "garden")
    assert find(alice, "", "garden") == ["Alice", "Charlie"]
    rooms.apply_role(rooms.join_room(charlie, "garden"), "banned")
    assert find(alice, "", "garden") == ["Alice"]
    assert_refused("not_found", people.search_people, alice, "", "nowhere")


def test_guests_find_people_only_in_a_room(charlie, room):
    assert_refused("forbidden", people.search_people, charlie, "al")
    assert find(charlie, "al", "garden") == ["Alice"]


# The next tests are about pictures.


def test_a_picture_becomes_a_square_of_256_pixels(alice):
    profile = people.set_picture(alice, draw((3000, 200)))
    stored = people.find_picture(profile.picture)
    with Image.open(io.BytesIO(stored)) as image:
        assert (image.format, image.size) == ("WEBP", (256, 256))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF"])
def test_usual_formats_are_accepted(alice, format):
    assert people.set_picture(alice, draw(format=format)).picture


def test_a_photo_is_turned_upright_and_loses_its_metadata(alice):
    image = Image.new("RGB", (300, 300), "white")
    image.paste("black", (0, 0, 300, 150))  # the upper half is black
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 3, "Secret Camera"  # turned by 180 degrees
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    stored = people.find_picture(people.set_picture(alice, file.getvalue()).picture)
    assert b"Secret" not in stored and b"EXIF" not in stored
    with Image.open(io.BytesIO(stored)) as upright:
        assert upright.convert("L").getpixel((128, 20)) > 200 > 50 > upright.convert("L").getpixel((128, 240))


@pytest.mark.parametrize("content", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", draw()[:60]])
def test_a_file_that_is_no_picture_is_refused(alice, content):
    assert_refused("invalid_field", people.set_picture, alice, content)
    assert not Picture.objects.exists()


def test_a_picture_with_too_many_scans_is_refused_before_it_is_decoded(alice):
    content = draw((64, 64), "JPEG", progressive=True)
    scan = content[content.rindex(images.START_OF_SCAN) : -2]
    people.set_picture(alice, content[:-2] + scan * 10 + content[-2:])
    assert_refused("too_large", people.set_picture, alice, content[:-2] + scan * 100 + content[-2:])


@pytest.mark.parametrize("size", [(1, 1), (4000, 1), (3000, 2000)])
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_a_picture_of_any_size_becomes_a_square(alice, size, format):
    stored = people.find_picture(people.set_picture(alice, draw(size, format)).picture)
    with Image.open(io.BytesIO(stored)) as image:
        assert image.size == (256, 256) and image.convert("RGB").getpixel((128, 128))[0] > 200


def test_a_huge_picture_is_refused_before_it_is_decoded(alice, monkeypatch):
    assert_refused("too_large", people.set_picture, alice, b"x" * (pictures.MAX_BYTES + 1))
    monkeypatch.setattr(images, "MAX_PIXELS", 100 * 100)
    assert_refused("too_large", people.set_picture, alice, draw((101, 100)))


def test_a_new_picture_has_a_new_address_and_the_old_address_is_not_found(alice):
    old = people.set_picture(alice, draw()).picture
    new = people.set_picture(alice, draw(colour="blue")).picture
    assert old != new and people.find_picture(new)
    assert_refused("not_found", people.find_picture, old)
    assert people.remove_picture(alice).picture == ""
    assert_refused("not_found", people.find_picture, new)
