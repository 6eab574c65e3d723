"""The sweep of boards and visitors."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Board, Member, Message, Person, Room, Visitor
from chat.services import boards, moderation
from tests.chat.helpers import Browser, ask, key_of, knock

pytestmark = pytest.mark.django_db(transaction=True)


def test_closed_boards_are_swept_with_their_messages_and_visitors(owner, at_door, admitted, alice):
    admitted.room().post("p1")
    knock(Browser(alice).follow(owner))
    kept = Browser().make_board()
    assert boards.sweep_boards() == 0
    ask(at_door, "shut")
    assert boards.sweep_boards() == 0
    Board.objects.exclude(shut_at=None).update(shut_at=timezone.now() - timedelta(hours=2))
    assert boards.sweep_boards() == 1
    assert [str(board.uuid) for board in Board.objects.all()] == [kept.board]
    assert Room.objects.count() == 1 and not Message.objects.exists() and not Visitor.objects.filter(person=alice)
    assert set(Person.objects.values_list("handle", flat=True)) == {"Owner", "Alice"}


def test_a_board_without_visits_and_messages_is_swept(owner, visitor, settings):
    long_ago = timezone.now() - timedelta(days=settings.CHAT_BOARD_DAYS + 1)
    Board.objects.update(seen_at=long_ago)
    Room.objects.update(last_at=timezone.now())
    assert boards.sweep_boards() == 0
    Room.objects.update(last_at=long_ago)
    visitor.door()
    assert boards.sweep_boards() == 0
    Board.objects.update(seen_at=long_ago)
    assert boards.sweep_boards() == 1 and not Person.objects.exists()


def test_a_visit_during_the_sweep_keeps_the_board(owner, at_door, visitor, monkeypatch):
    Board.objects.update(seen_at=timezone.now() - timedelta(days=400))
    delete_board = boards.lifecycle._delete_board

    def visit_meanwhile(found):
        visitor.door()
        return delete_board(found)

    monkeypatch.setattr(boards.lifecycle, "_delete_board", visit_meanwhile)
    assert boards.sweep_boards() == 0 and Board.objects.count() == 1


def test_visitors_who_were_never_admitted_are_swept(owner, at_door, admitted, alice):
    for number in range(5):
        knock(Browser().follow(owner), f"Guest {number}")
    knock(Browser(alice).follow(owner))
    ask(at_door, "refuse", visitor=key_of("Guest 1"))
    ask(at_door, "refuse", visitor=key_of("Bob"))
    Visitor.objects.exclude(state="owner").update(changed_at=timezone.now() - timedelta(days=3))
    with CaptureQueriesContext(connection) as queries:
        assert boards.sweep_boards() == 6
    # The number does not depend on the number of visitors: Django asks each table that refers to a person.
    assert len(queries) < 60
    assert set(Person.objects.values_list("handle", flat=True)) == {"Olga", "Bob", "Alice"}
    assert boards.sweep_boards() == 0


def test_a_visitor_who_was_in_the_room_is_not_swept(owner):
    browser = Browser().follow(owner)
    knock(browser)
    ask(owner.door(), "admit", visitor=key_of("Bob"))
    browser.room().post("r1")
    moderation.remove_member(None, Member.objects.get(person__handle="Bob"))
    assert ask(owner.door(), "refuse", visitor=key_of("Bob"))["type"] == "ack"
    Visitor.objects.filter(person__handle="Bob").update(changed_at=timezone.now() - timedelta(days=3))
    knock(Browser().follow(owner), "Carol")
    Visitor.objects.filter(person__handle="Carol").update(changed_at=timezone.now() - timedelta(days=3))
    assert boards.sweep_boards() == 1
    assert Message.objects.get().author.handle == "Bob"
    Board.objects.update(shut_at=timezone.now() - timedelta(days=1))
    assert boards.sweep_boards() == 1
    assert not Person.objects.filter(handle__in=["Bob", "Olga", "Carol"]).exists()
