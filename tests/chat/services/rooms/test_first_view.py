"""The first view of a room, which its page contains."""

import pytest

from chat.models import Member
from chat.services import rooms
from tests.chat.services.rooms.actions import fill

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("read", "has_view"), [(70, True), (20, True), (19, False), (0, False)])
def test_a_page_has_a_first_view_only_if_it_contains_the_first_unread_message(
    alice, bob, member_of, room, read, has_view
):
    member = member_of(bob)
    fill(member_of(alice), 70)
    Member.objects.filter(id=member.id).update(read_offset=read)
    view = rooms.get_first_view(bob, room)
    assert (view is not None) == has_view
    if view:
        assert [len(view["messages"]), view["unread"]] == [50, 70 - read]


def test_for_a_person_who_is_no_member_everything_in_the_first_view_is_read(alice, bob, member_of, room):
    fill(member_of(alice), 2)
    view = rooms.get_first_view(bob, room)
    assert [view[name] for name in ("offset", "read", "unread", "first_unread")] == [2, 2, 0, None]
