"""Boards: two connections, or a connection and a sweep, act at the same moment."""

import pytest
from channels import Channel

from chat.models import Visitor
from chat.services import boards
from tests.chat.helpers import ask, knock, types

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_queued_knock_does_not_undo_a_removal(at_door, visitor, monkeypatch):
    door = knock(visitor)
    recheck_visit = boards.recheck_visit

    def remove_meanwhile(*arguments):
        visit = recheck_visit(*arguments)
        Visitor.objects.filter(person__handle="Bob").update(state="removed")
        return visit

    monkeypatch.setattr(boards, "recheck_visit", remove_meanwhile)
    assert ask(door, "knock", handle="Robert")["code"] == "forbidden"
    assert Visitor.objects.get(person__handle="Bob").state == "removed"


def test_a_visitor_whom_a_sweep_deletes_during_the_request_can_knock(at_door, visitor, monkeypatch):
    door = knock(visitor)
    recheck_visit = boards.recheck_visit

    def sweep_meanwhile(*arguments):
        visit = recheck_visit(*arguments)
        boards.visitors.delete_outsiders(Visitor.objects.all())
        return visit

    monkeypatch.setattr(boards, "recheck_visit", sweep_meanwhile)
    assert ask(door, "knock", handle="Robert")["type"] == "ack"
    assert [event["handle"] for event in at_door.seen("knocked")] == ["Bob", "Robert"]


def test_a_visitor_who_returns_while_the_left_event_is_published_is_announced_again(at_door, visitor, monkeypatch):
    first = knock(visitor)
    notify_owner, waiting_room = boards.waiting_room.notify_owner, boards.waiting_room

    def return_meanwhile(board_id, event):
        notify_owner(board_id, event)
        if event["type"] == "left":
            monkeypatch.setattr(waiting_room, "notify_owner", notify_owner)
            waiting_room.store.add_entry(
                waiting_room._roster(Visitor.objects.get(state="waiting").digest), "visitor", "x", 9
            )

    monkeypatch.setattr(waiting_room, "notify_owner", return_meanwhile)
    first.disconnect()
    assert types(at_door.read()) == ["knocked", "left", "knocked"]


def test_a_visitor_who_arrives_while_the_other_tab_leaves_is_announced_again(at_door, visitor, monkeypatch):
    first = knock(visitor)
    add_entry = boards.waiting_room.store.add_entry

    def leave_meanwhile(*arguments):
        monkeypatch.undo()
        waiting = Visitor.objects.get(state="waiting")
        boards.leave_waiting_room(waiting.board_id, waiting.digest, Channel(first.channel))
        return add_entry(*arguments)

    monkeypatch.setattr(boards.waiting_room.store, "add_entry", leave_meanwhile)
    visitor.door()
    assert types(at_door.read()) == ["knocked", "left", "knocked"]
