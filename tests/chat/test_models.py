"""The models: what the database constraints reject, and what the QuerySets return."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from chat.models import (
    Board,
    Change,
    Member,
    Message,
    Person,
    Reaction,
    Room,
    Token,
    Visitor,
    find_present,
    make_handle_key,
    snapshot,
)
from tests.chat.helpers import message_of

pytestmark = pytest.mark.django_db


def change_of(room, person, ref):
    return Change.objects.create(room=room, person=person, ref=ref, digest="0" * 64, number=1, offset=1)


def assert_rejected(make):
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


@pytest.mark.parametrize(
    "one, other",
    [
        ("Alice", "aLICE"),
        ("Zoë", "ZOE\u0308"),
        ("straße", "STRASSE"),
        ("Alice", "Ａｌｉｃｅ"),
        ("ﬁsh", "FISH"),
        ("Σίσυφος", "σίσυφοσ"),
        ("a b", "a\xa0b"),
    ],
)
def test_handles_that_differ_only_in_case_or_in_equivalent_characters_have_one_key(one, other):
    assert make_handle_key(one) == make_handle_key(other)


def test_different_handles_have_different_keys():
    assert len({make_handle_key(handle) for handle in ("Alice", "Alicе", "Alic", "Al ice", "Älice")}) == 5


def test_the_longest_key_fits_its_column():
    longest = make_handle_key("\ufdfa" * 32)
    assert len(longest) <= Person._meta.get_field("handle_key").max_length


def test_handle_keys_are_unique_but_several_people_can_have_none(alice):
    assert_rejected(lambda: Person.objects.create(handle="alice", handle_key=alice.handle_key))
    Person.objects.create(handle="Alice", handle_key=None)
    Person.objects.create(handle="Alice", handle_key=None)


def test_createsuperuser_creates_an_operator(alice):
    call_command("createsuperuser", handle="Root", interactive=False, verbosity=0)
    root = Person.objects.get_by_natural_key("ROOT")
    assert root.is_staff and root.is_superuser and not root.has_usable_password()
    Person.objects.create_superuser(handle="Root2", password="a long one")
    with pytest.raises(ValidationError, match="taken"):
        Person.objects.create_superuser(handle="ALICE", password="a long one")


def test_the_offsets_of_a_room_are_consecutive(room):
    assert [Room.objects.take_offset(room.id) for _ in range(3)] == [1, 2, 3]
    Room.objects.give_back_offset(room.id)
    assert Room.objects.take_offset(room.id) == 3


def test_an_offset_without_a_message_does_not_change_last_at(room):
    Room.objects.take_offset(room.id)
    room.refresh_from_db()
    assert room.last_at is None
    now = timezone.now()
    Room.objects.take_post(room.id, now)
    Room.objects.take_offset(room.id)
    room.refresh_from_db()
    assert room.last_at == now and room.offset == 3


def test_taking_an_offset_of_a_deleted_room_raises():
    with pytest.raises(Room.DoesNotExist):
        Room.objects.take_offset(4711)


def test_the_number_and_the_offset_of_a_message_are_unique_in_a_room(room, alice, bob):
    message_of(room, alice, 1)
    assert_rejected(lambda: message_of(room, bob, 1, offset=2))
    assert_rejected(lambda: message_of(room, bob, 2, offset=1))
    attic = Room.objects.create(slug="attic", name="Attic")
    message_of(attic, alice, 1)


def test_a_ref_is_unique_for_a_person_over_all_rooms(room, alice, bob):
    attic = Room.objects.create(slug="attic", name="Attic")
    change_of(room, alice, "r1")
    assert_rejected(lambda: change_of(attic, alice, "r1"))
    change_of(room, bob, "r1")
    change_of(room, alice, "R1")


def test_slugs_memberships_reactions_and_token_digests_are_unique(room, alice):
    message = message_of(room, alice, 1)
    Reaction.objects.create(message=message, person=alice, emoji="👍")
    Token.objects.create(person=alice, name="bot", digest="d")
    assert_rejected(lambda: Room.objects.create(slug="garden", name="Other"))
    assert_rejected(lambda: Member.objects.create(room=room, person=alice))
    assert_rejected(lambda: Reaction.objects.create(message=message, person=alice, emoji="👍"))
    assert_rejected(lambda: Token.objects.create(person=alice, name="bot2", digest="d"))
    Reaction.objects.create(message=message, person=alice, emoji="👎")


def test_a_person_with_messages_cannot_be_deleted(room, alice):
    message_of(room, alice, 1)
    with pytest.raises(IntegrityError):
        alice.delete()


def test_loading_complete_messages_takes_two_queries_for_any_number(room, alice, bob, django_assert_num_queries):
    for number in range(1, 6):
        message = message_of(room, alice, number)
        Reaction.objects.create(message=message, person=bob, emoji="👍")
    with django_assert_num_queries(2):
        for message in Message.objects.complete():
            assert message.author.handle == "Alice"
            assert [reaction.person.handle for reaction in message.all_reactions] == ["Bob"]


def test_rows_have_readable_names(room, alice):
    member = Member.objects.get(room=room, person=alice)
    token = Token.objects.create(person=alice, name="bot", digest="d")
    assert [str(row) for row in (alice, room, member, message_of(room, alice, 7), token)] == [
        "Alice",
        "garden",
        "Alice in garden",
        f"{room.id}/7",
        "bot of Alice",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_restores_the_state_of_the_connection(room):
    with pytest.raises(ZeroDivisionError):
        with snapshot():
            assert connection.in_atomic_block and connection.read_snapshot
            assert Room.objects.count() == 1
            1 / 0  # noqa: B018
    assert not connection.in_atomic_block and not connection.read_snapshot


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_within_a_transaction_has_no_effect(room):
    with transaction.atomic():
        with snapshot():
            Room.objects.create(slug="attic", name="Attic")
        assert Room.objects.count() == 2


def test_the_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_statements_of_a_handshake_read_the_same_values_as_django(bob, room):
    member = Member.objects.create(room=room, person=bob, muted_until=timezone.now(), level=Member.NONE)
    pairs = [
        (Room.objects.find_by_slug("garden"), Room.objects.get(id=room.id)),
        (Member.objects.find_in_room(room.id, bob.id), Member.objects.get(id=member.id)),
        (Person.objects.find_by_id(bob.id), Person.objects.get(id=bob.id)),
    ]
    for found, expected in pairs:
        assert found == expected and not found._state.adding
        assert {**vars(found), "_state": None} == {**vars(expected), "_state": None}
    assert Room.objects.find_with_member("garden", bob.id) == (room, member)
    assert vars(Room.objects.find_with_member("garden", bob.id)[1]).keys() == vars(member).keys()
    assert Room.objects.find_with_member("garden", 0) == Room.objects.find_with_member("garden", None) == (room, None)
    assert Room.objects.find_with_member("nowhere", bob.id) == (None, None)
    assert Room.objects.find_by_slug("nowhere") is None
    assert Member.objects.find_in_room(room.id, 0) is Member.objects.find_in_room(room.id, None) is None
    assert Person.objects.find_by_id(0) is None


def test_the_statements_of_a_board_read_the_same_values_as_django(alice, room, django_assert_num_queries):
    board = Board.objects.create(room=room)
    visitor = Visitor.objects.create(board=board, key="k", digest="d", person=alice, is_signed_in=True, state="waiting")
    with django_assert_num_queries(2):
        found, found_visitor = Board.objects.find_open(board.uuid), Visitor.objects.find_by_digest("d")
        assert (found.room, found_visitor.person) == (room, alice)
    for row, expected in ((found, Board.objects.get()), (found_visitor, Visitor.objects.get(id=visitor.id))):
        assert {**vars(row), "_state": None} == {**vars(expected), "_state": None}
    assert Visitor.objects.find_by_digest("e") is None
    Board.objects.update(shut_at=timezone.now())
    assert Board.objects.find_open(board.uuid) is None


def test_a_row_of_a_statement_reads_a_missing_attribute_from_the_database(bob, room, django_assert_num_queries):
    login = Session.objects.create(session_key="k", session_data="", expire_date=timezone.now() + timedelta(hours=1))
    member = Member.objects.create(room=room, person=bob)
    found = Member.objects.find_with_credential(member.id, login.session_key)
    with django_assert_num_queries(0):
        assert (found.person.handle, found.room.slug) == ("Bob", "garden")
    with django_assert_num_queries(1):
        assert found.room.name == room.name


def test_the_present_people_of_a_handshake_are_members_with_these_keys(bob, room):
    Member.objects.create(room=room, person=bob, role=Member.MODERATOR)
    assert find_present(room.id, []) == []
    assert find_present(room.id, ["bob", "nobody"]) == [("Bob", False, Member.MODERATOR)]


def test_a_quick_relation_behaves_as_the_relation_of_django(alice, bob, room, django_assert_num_queries):
    member = Member.objects.get(id=Member.objects.create(room=room, person=bob).id)
    with django_assert_num_queries(1):
        assert member.person == bob and member.person is member.person
    member.person = alice
    assert (member.person_id, member.person) == (alice.id, alice)
    with django_assert_num_queries(1):
        assert Member.objects.select_related("person").get(id=member.id).person == bob
    with pytest.raises(Person.DoesNotExist):
        _ = Member(room=room, person_id=0).person
    assert Member.person.field is Member._meta.get_field("person")
