"""The list of a room's members, for its members."""

import pytest

from chat.models import Member, Room
from chat.services import people, rooms

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/rooms/garden/people/"


@pytest.fixture
def members(room, alice, bob, charlie):
    """Put Alice (the owner), Bob and the guest Charlie into the room `garden`."""
    for person in (bob, charlie):
        rooms.join_room(person, "garden")


def handles(answer):
    return [person["handle"] for person in answer[1]["people"]]


def test_members_see_all_members_with_names_and_roles(members, as_bob, bob):
    people.change_profile(bob, {"name": "Robert Brown"})
    status, body = as_bob("GET", PATH)
    assert (status, body["more"]) == (200, False)
    found = [(person["handle"], person["name"], person["role"], "guest" in person) for person in body["people"]]
    assert found == [
        ("Alice", "", "owner", False),
        ("Bob", "Robert Brown", "member", False),
        ("Charlie", "", "guest", True),
    ]


def test_the_list_is_filtered_by_handle_and_by_name(members, as_alice, bob):
    people.change_profile(bob, {"name": "Robert Brown"})
    assert handles(as_alice("GET", f"{PATH}?q=bro")) == ["Bob"]
    assert handles(as_alice("GET", f"{PATH}?q=CHA")) == ["Charlie"]
    assert handles(as_alice("GET", f"{PATH}?handle=bob&handle=alice&handle=nobody")) == ["Alice", "Bob"]
    assert as_alice("GET", f"{PATH}?q={'x' * 81}") == (400, "too_long")
    assert as_alice("GET", f"{PATH}?{'handle=x&' * 101}") == (400, "too_long")


def test_only_members_see_the_list(room, as_bob, stranger):
    assert as_bob("GET", PATH) == (403, "forbidden")
    assert stranger("GET", PATH) == (401, "not_signed_in")
    Room.objects.update(access=Room.PRIVATE)
    assert as_bob("GET", PATH) == (404, "not_found")
    assert as_bob("GET", "/api/rooms/attic/people/") == (404, "not_found")


def test_a_banned_person_does_not_see_the_list_and_is_not_in_it(members, as_alice, as_bob, bob):
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    assert as_bob("GET", PATH) == (403, "forbidden")
    assert handles(as_alice("GET", PATH)) == ["Alice", "Charlie"]


def test_a_board_has_no_list_of_members(members, as_alice):
    Room.objects.update(access=Room.BOARD)
    assert as_alice("GET", PATH) == (404, "not_found")


def test_guests_who_have_left_are_not_in_the_list(members, as_alice, charlie):
    charlie.is_active = False
    charlie.save()
    assert handles(as_alice("GET", PATH)) == ["Alice", "Bob"]


def test_a_list_of_more_than_fifty_members_has_pages(members, as_alice, room):
    for number in range(50):
        rooms.join_room(people.sign_up_guest(f"guest {number:02}"), "garden")
    status, body = as_alice("GET", PATH)
    assert (status, body["more"], len(body["people"])) == (200, True, 50)
    status, body = as_alice("GET", f"{PATH}?page=1")
    assert (status, body["more"], len(body["people"])) == (200, False, 3)


def test_a_list_of_many_members_costs_at_most_five_statements(members, alice, django_assert_max_num_queries):
    for number in range(30):
        rooms.join_room(people.sign_up_guest(f"guest {number:02}"), "garden")
    with django_assert_max_num_queries(5):
        assert len(people.find_room_people(alice, "garden")[0]) == 33
