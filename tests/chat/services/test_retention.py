"""Retention deletes old messages with what belongs to them, in batches, and nothing that a hold keeps."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from chat.models import (
    Bookmark,
    Change,
    EarlierBody,
    Mention,
    Message,
    Reaction,
    RetentionEntry,
    Room,
    SearchDocument,
    Task,
)
from chat.services import removed, retention, rooms, search
from chat.services.retention import removal
from tests.chat.helpers import assert_refused
from tests.chat.services.tasks.helpers import run, stored_results

pytestmark = pytest.mark.django_db(transaction=True)


def age(numbers, days=100):
    Message.objects.filter(number__in=list(numbers)).update(created_at=timezone.now() - timedelta(days=days))


def numbers():
    return list(Message.objects.order_by("number").values_list("number", flat=True))


def command(*arguments):
    output = io.StringIO()
    call_command("retention", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def socket(alice, bob, enter, monkeypatch):
    monkeypatch.setattr(removal, "BATCH", 2)
    enter(bob)
    socket = enter(alice)
    for number in range(1, 6):
        socket.post(f"r{number}", body=f"@Bob apple {number}")
    return socket


def test_old_messages_are_deleted_with_everything_that_belongs_to_them(socket, alice, room):
    socket.ask("edit", ref="e1", id=1, body="@Bob pear")
    socket.ask("react", ref="e2", id=1, emoji="👍", on=True)
    Bookmark.objects.create(person=alice, message=Message.objects.get(number=1))
    search.index_changes()
    age([1, 2, 3])
    long_ago = timezone.now() - timedelta(days=100)
    Task.objects.create(
        person=alice,
        room=room,
        kind="export",
        ref="t1",
        params="{}",
        upto=1,
        state=Task.DONE,
        created_at=long_ago,
        expires_at=timezone.now() + timedelta(days=100),
    )
    retention.set_rule("garden", 90, "root")
    assert "garden: 3 older than 90 days would be deleted" in command("run", "--dry-run")
    assert numbers() == [1, 2, 3, 4, 5]
    assert retention.sweep_retention() == 3 and retention.sweep_retention() == 0
    assert numbers() == [4, 5]
    for model in (Reaction, EarlierBody, Bookmark, Task):
        assert not model.objects.exists()
    assert list(Mention.objects.order_by("number").values_list("number", flat=True)) == [4, 5]
    assert SearchDocument.objects.count() == 2
    room.refresh_from_db()
    assert (room.offset, room.kept_days, room.kept_from) == (7, 90, 4)
    assert socket.seen("expired")[-1] == {"type": "expired", "before": 4}
    entry = RetentionEntry.objects.get(act=RetentionEntry.RUN)
    assert (entry.target, entry.days, entry.messages, entry.actor) == ("garden", 90, 3, "monitor")


def test_the_files_of_old_results_are_deleted_with_their_rows(own_files, socket, alice):
    run(alice, "export", format="json")
    kept = run(alice, "export", format="html") and Task.objects.latest("id").result_file
    Task.objects.exclude(result_file=kept).update(created_at=timezone.now() - timedelta(days=100))
    age([1, 2, 3])
    retention.set_rule("garden", 90, "root")
    assert len(stored_results()) == 2
    retention.sweep_retention()
    assert stored_results() == [kept]


def test_sweeps_count_the_rows_that_they_delete(socket, settings):
    settings.CHAT_CHANGE_DAYS = 10
    age([1, 2, 3])
    Change.objects.update(created_at=timezone.now() - timedelta(days=100))
    retention.set_rule("garden", 90, "root")
    for _ in range(2):
        retention.sweep_retention()
        rooms.sweep_old_refs()
    assert removed.read_removed() == {"messages": 3, "refs": 5}


def test_clients_and_pages_see_no_holes_after_a_run(socket, alice, enter):
    age([1, 2])
    retention.set_rule("all", 90, "root")
    retention.sweep_retention()
    assert socket.ask("fetch", ref="f1", before=4, limit=50)["messages"][0]["id"] == 3
    assert [event["id"] for event in enter(alice).seen("message")] == [3, 4, 5]
    resumed = enter(alice, query="cursor=1")
    joined = resumed.seen("joined")[0]
    assert joined["room"]["kept_days"] == 90 and joined["room"]["kept_from"] == 3 and "reset" not in joined
    assert [event["id"] for event in resumed.seen("message")] == [3, 4, 5]
    assert socket.post("r6")["id"] == 6


def test_a_run_that_is_interrupted_leaves_whole_batches_and_is_continued(socket, room, monkeypatch):
    age(range(1, 6))
    retention.set_rule("all", 90, "root")
    delete_batch, batches = removal._delete_batch, []

    def die_in_the_second(*arguments):
        batches.append(arguments)
        if len(batches) == 2:
            raise SystemExit
        return delete_batch(*arguments)

    monkeypatch.setattr(removal, "_delete_batch", die_in_the_second)
    with pytest.raises(SystemExit):
        retention.sweep_retention()
    room.refresh_from_db()
    assert numbers() == [3, 4, 5] and room.kept_from == 3
    assert retention.sweep_retention() == 3 and numbers() == []
    assert socket.post("r6")["id"] == 6


def test_the_most_specific_rule_decides(socket, room):
    Room.objects.create(slug="attic", name="Attic", access=Room.PRIVATE)
    direct = Room.objects.create(slug="direct", name="", access=Room.DIRECT)
    command("set", "all", "30")
    command("set", "direct", "7")
    command("set", "garden", "never")
    kept = dict(Room.objects.values_list("slug", "kept_days"))
    assert kept == {"garden": None, "attic": 30, "direct": 7}
    age(range(1, 6))
    assert retention.sweep_retention() == 0
    command("remove", "direct")
    direct.refresh_from_db()
    assert direct.kept_days == 30
    assert command("list") == "all: deleted after 30 days\nroom garden: kept without a limit\n"
    command("set", "garden", "1")
    assert "room garden: deleted after 1 day\n" in command("list")
    for arguments in (("set", "all", "0"), ("set", "all", "x"), ("set", "nowhere", "5"), ("remove", "board")):
        with pytest.raises(CommandError):
            command(*arguments)


@pytest.mark.parametrize("target", [("garden",), ("--person", "bob")])
def test_a_hold_keeps_messages_and_rooms_and_what_people_remove(socket, alice, room, target):
    command("set", "all", "30")
    command("hold", *target, "--reason", "Case 7")
    with pytest.raises(CommandError, match="already"):
        command("hold", *target, "--reason", "Case 7")
    age([1, 2])
    assert retention.sweep_retention() == 0 and len(numbers()) == 5
    assert "garden: 2 older than 30 days kept by a hold" in command("run")
    socket.ask("remove", ref="d1", id=5)
    assert Message.objects.get(number=5).body == ""
    assert '"body": "@Bob apple 5"' in command("held", "garden")
    assert rooms.get_history(room, 5) == []
    assert_refused("forbidden", rooms.delete_own_room, alice, "garden")
    assert "now deleted: 1" in command("release", *target)
    assert not EarlierBody.objects.exists() and command("held", "garden") == ""
    assert retention.sweep_retention() == 2
    rooms.delete_own_room(alice, "garden")
    acts = list(RetentionEntry.objects.order_by("id").values_list("act", flat=True))
    assert acts == ["set", "hold", "release", "run"]


def test_old_refs_are_deleted_in_batches_and_younger_ones_answer(socket, settings, monkeypatch):
    monkeypatch.setattr(rooms.old_refs, "BATCH", 2)
    settings.CHAT_CHANGE_DAYS = 90
    Change.objects.filter(ref__in=["r1", "r2", "r3"]).update(created_at=timezone.now() - timedelta(days=91))
    assert rooms.sweep_old_refs() == 3 and rooms.sweep_old_refs() == 0
    assert socket.post("r4", body="@Bob apple 4") == {"type": "ack", "ref": "r4", "id": 4, "offset": 4}
    assert numbers() == [1, 2, 3, 4, 5]


def test_refs_are_kept_without_a_limit_if_the_setting_is_0(socket, alice, enter, settings):
    assert socket.seen("joined")[0]["refs_kept_seconds"] == 90 * 24 * 3600
    settings.CHAT_CHANGE_DAYS = 0
    Change.objects.update(created_at=timezone.now() - timedelta(days=9999))
    assert rooms.sweep_old_refs() == 0 and Change.objects.count() == 5
    assert "refs_kept_seconds" not in enter(alice).seen("joined")[0]


def test_a_cursor_of_another_epoch_gets_a_reset(socket, alice, enter, room):
    assert socket.seen("joined")[0]["epoch"] == "0"
    assert "reset" not in enter(alice, query="cursor=2&epoch=0").seen("joined")[0]
    Room.objects.update(epoch="e2")
    joined = enter(alice, query="cursor=2&epoch=0").seen("joined")[0]
    assert joined["epoch"] == "e2" and joined["reset"] is True
    assert "reset" not in enter(alice, query="cursor=2&epoch=e2").seen("joined")[0]
    assert "reset" not in enter(alice, query="cursor=2").seen("joined")[0]
