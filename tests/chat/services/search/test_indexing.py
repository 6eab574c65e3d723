"""The index follows posts, edits, removals, deleted rooms and changes of access. Indexing may be interrupted."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.models import Message, Room, SearchDay, SearchDocument, SearchProgress
from chat.protocol import Edit, React, Remove
from chat.services import rooms, search
from chat.services.search import indexing
from tests.chat.services.search.helpers import find, find_indexed, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_edit_replaces_the_words_and_a_removal_deletes_them(writer, alice):
    number = post(writer, "Red roses")
    assert find(alice, "roses") == ["Red roses"]
    rooms.edit_message(writer, Edit("e1", number, "White lilies"))
    assert find(alice, "roses") == []
    assert find(alice, "lilies") == ["White lilies"]
    rooms.remove_message(writer, Remove("x1", number))
    assert find(alice, "lilies") == []
    assert not SearchDocument.objects.exists()


def test_removed_and_replaced_text_is_not_found_before_the_index_follows(writer, alice):
    first, second = post(writer, "Red roses"), post(writer, "Red tulips")
    search.index_changes()
    rooms.remove_message(writer, Remove("x1", first))
    rooms.edit_message(writer, Edit("e1", second, "Nothing"))
    assert find_indexed(alice, "red") == []


def test_a_post_writes_nothing_to_the_index(writer):
    with CaptureQueriesContext(connection) as queries:
        post(writer, "Red roses")
    assert not [query for query in queries if "chat_search" in query["sql"]]


def test_a_reaction_changes_no_document(writer, alice):
    number = post(writer, "Red roses")
    assert search.index_changes() == 1
    rooms.set_reaction(writer, React("r1", number, "👍", True))
    assert search.index_changes() == 0
    assert search.index_changes() == 0
    assert find_indexed(alice, "roses") == ["Red roses"]


def test_indexing_continues_where_it_was_interrupted(writer, alice, monkeypatch):
    monkeypatch.setattr(indexing, "BATCH", 2)
    for number in range(5):
        post(writer, f"Rose {number}")
    steps = search.index_rooms()
    assert next(steps) == search.Step("garden", 2, 5, 2)
    steps.close()
    assert [step.done for step in search.index_rooms()] == [4, 5]
    assert len(find_indexed(alice, "rose")) == 5


def test_two_runs_that_index_one_room_store_each_batch_once(writer, alice, monkeypatch):
    monkeypatch.setattr(indexing, "BATCH", 2)
    for number in range(5):
        post(writer, f"Rose {number}")
    first, second = search.index_rooms(), search.index_rooms()
    assert next(first).done == 2
    assert next(second).done == 4
    assert list(first) == []
    assert [step.done for step in second] == [5]
    assert len(find_indexed(alice, "rose")) == 5


def test_a_call_ends_after_its_seconds_and_the_next_call_continues(writer, alice, monkeypatch):
    monkeypatch.setattr(indexing, "BATCH", 1)
    for number in range(3):
        post(writer, f"Rose {number}")
    assert [search.index_changes(seconds=0) for _ in range(4)] == [1, 1, 1, 0]


def test_a_new_message_does_not_wait_for_a_large_room(writer, bob, monkeypatch):
    monkeypatch.setattr(indexing, "BATCH", 1)
    for number in range(3):
        post(writer, f"Rose {number}")
    rooms.create_room(bob, "attic", "The attic")
    post(rooms.join_room(bob, "attic"), "Rose in the attic")
    assert next(search.index_rooms()).slug == "attic"


def test_a_room_that_becomes_private_is_indexed_again(writer, room, alice, bob):
    post(writer, "Red roses")
    assert find(bob, "roses") == ["Red roses"]
    Room.objects.update(access=Room.PRIVATE)
    assert find_indexed(bob, "roses") == []
    assert find(bob, "roses") == []
    assert find(alice, "roses") == ["Red roses"]
    Room.objects.update(access=Room.PUBLIC)
    assert find(bob, "roses") == ["Red roses"]


def test_a_deleted_room_takes_its_documents_with_it(writer, room, alice):
    post(writer, "Red roses")
    search.index_changes()
    rooms.delete_room(room)
    assert not SearchDocument.objects.exists() and not SearchProgress.objects.exists()
    assert find(alice, "roses") == []


def test_a_batch_of_a_room_that_was_deleted_meanwhile_stores_nothing(writer, room, monkeypatch):
    post(writer, "Red roses")
    read = indexing.get_changed_messages

    def read_and_delete(*arguments):
        found = read(*arguments)
        rooms.delete_room(Room.objects.get())
        return found

    monkeypatch.setattr(indexing, "get_changed_messages", read_and_delete)
    assert search.index_changes() == 0
    assert not SearchDocument.objects.exists()


def test_boards_are_not_indexed(admitted):
    room = admitted.room()
    assert room.post("r1", "Secret plans")["type"] == "ack"
    assert search.index_changes() == 0 and Message.objects.count() == 1


def test_each_day_knows_the_ids_of_its_messages(writer):
    for number in range(3):
        post(writer, f"Rose {number}")
    first, second, third = Message.objects.order_by("number")
    Message.objects.filter(id=second.id).update(created_at="2024-02-29T23:59:59Z")
    search.index_changes()
    leap = date(2024, 2, 29)
    assert SearchDay.objects.get_bounds(leap, leap) == (second.id, second.id)
    assert SearchDay.objects.get_bounds(leap, date.max) == (first.id, third.id)
    assert SearchDay.objects.get_bounds(date.min, date(2024, 2, 28)) is None
    post(writer, "Rose 3")
    search.index_changes()
    assert SearchDay.objects.get_bounds(leap, date.max) == (first.id, third.id + 1)


def test_an_index_of_an_older_version_is_built_again(writer, alice, monkeypatch):
    post(writer, "Red roses")
    search.index_changes()
    monkeypatch.setattr(indexing, "VERSION", indexing.VERSION + 1)
    SearchDocument.objects.all().delete()
    assert find(alice, "roses") == ["Red roses"]


# The next tests call the command.


def test_the_command_indexes_all_rooms_and_reports(writer, alice, capsys):
    post(writer, "Red roses")
    call_command("index_messages")
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "garden: 1 of 1 changes (100%)",
        "The index is up to date. Documents stored or deleted: 1.",
    ]
    assert find_indexed(alice, "roses") == ["Red roses"]
    call_command("index_messages")
    assert "deleted: 0." in capsys.readouterr().out


def test_the_command_indexes_one_room_again(writer, alice, capsys):
    post(writer, "Red roses")
    call_command("index_messages")
    SearchDocument.objects.all().delete()
    call_command("index_messages", room="garden", again=True, no_pause=True)
    assert "deleted: 1." in capsys.readouterr().out
    assert find_indexed(alice, "roses") == ["Red roses"]
    with pytest.raises(CommandError, match="There is no such room"):
        call_command("index_messages", room="attic")
