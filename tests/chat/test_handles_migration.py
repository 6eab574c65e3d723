"""The migration that stores the skeletons of handles. Handles that look alike have equal skeletons."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from chat.models import Board, Person, Room, Visitor, make_handle_key
from chat.services import people
from tests.chat.helpers import assert_refused

migration = import_module("chat.migrations.0010_handles")


@pytest.fixture
def migrate(db):
    return lambda: migration.store_skeletons(apps, SimpleNamespace(connection=connection))


def make_person(handle, **fields):
    person = Person(handle=handle, handle_key=make_handle_key(handle), **fields)
    person.set_password("correct horse")
    person.save()
    return person


def test_only_the_first_of_two_similar_accounts_has_the_skeleton_and_both_can_log_in(migrate):
    guest = make_person("Max \xa0 B.", is_guest=True)
    first, second = make_person("Max B"), make_person("Max  B")
    with_dot = make_person("Max  B.")
    migrate()
    stored = dict(Person.objects.values_list("id", "handle_skeleton"))
    assert stored == {guest.id: None, first.id: "max b", second.id: None, with_dot.id: "max b."}
    assert people.find_person("max b", "correct horse") == first
    assert people.find_person("Max  B", "correct horse") == second
    assert_refused("taken", people.sign_up_guest, "Max   B")


def test_people_who_have_left_get_no_skeleton(migrate):
    Person.objects.create(handle="Charlie", is_guest=True, is_active=False)
    migrate()
    assert not Person.objects.exclude(handle_skeleton=None).exists()


def test_visitors_are_compared_on_their_own_board(migrate):
    boards = [Board.objects.create(room=Room.objects.create(slug=f"board-{number}", name="B")) for number in range(2)]
    for number, (board, handle) in enumerate([(boards[0], "Ann"), (boards[0], "\u0410nn"), (boards[1], "Ann")]):
        person = Person.objects.create(handle=handle, is_guest=True)
        Visitor.objects.create(
            board=board,
            person=person,
            handle_key=make_handle_key(handle),
            is_signed_in=False,
            key=str(number),
            digest=str(number),
            state=Visitor.ADMITTED,
        )
    migrate()
    assert list(Visitor.objects.order_by("id").values_list("handle_skeleton", flat=True)) == ["ann", None, "ann"]
