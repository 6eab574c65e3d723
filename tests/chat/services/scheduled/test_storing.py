"""Scheduling a message: it is acknowledged, stored once, and gets a job."""

import contextlib
import threading
import time
from datetime import timedelta

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from django.db import connection
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import ScheduledMessage
from chat.protocol import ChatError
from chat.services import audit, moderation, rooms, scheduled
from tests.chat.helpers import Browser, take_delayed_jobs
from tests.chat.services.scheduled.helpers import get_time, read_bodies
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_scheduled_message_is_acknowledged_and_its_job_is_sent(bob, enter):
    socket = enter(bob)
    ack = socket.ask("schedule", ref="s1", body=" Later ", at=get_time(60), reply_to=None)
    row = ScheduledMessage.objects.get()
    assert ack == {"type": "ack", "ref": "s1", "id": None, "offset": None, "scheduled_id": row.id}
    assert (row.author, row.body, row.state) == (bob, "Later", "waiting")
    [job] = take_delayed_jobs()
    assert (job["channel"], job["content"]) == ("chat.scheduled", {"scheduled": row.id})
    assert 50_000 < job["delay"] <= 60_000
    assert read_bodies() == [] and socket.seen("message") == []


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL: bin/test --postgres")
def test_scheduling_and_a_role_change_do_not_deadlock(alice, bob, room, monkeypatch):
    rooms.apply_role(rooms.join_room(alice, "garden"), "owner")
    member, record, stored = rooms.join_room(bob, "garden"), audit.record, []
    event = protocol.Schedule(ref="s1", body="Later", at=timezone.now() + timedelta(hours=1), reply_to=None)

    def schedule():
        with contextlib.closing(connection):
            stored.append(scheduled.schedule_message(member, event))

    thread = threading.Thread(target=schedule)

    def run_concurrently(*arguments, **fields):
        thread.start()
        wait_for_a_blocked_connection()
        return record(*arguments, **fields)

    monkeypatch.setattr(audit, "record", run_concurrently)
    assert moderation.change_role(alice, room, bob, "moderator").role == "moderator"
    thread.join(30)
    assert [is_new for _, is_new in stored] == [True]


def test_a_repeated_ref_gets_the_same_ack_and_no_second_job(bob, enter):
    socket, at = enter(bob), get_time()
    ack = socket.ask("schedule", ref="s1", body="Later", at=at)
    take_delayed_jobs()
    assert socket.ask("schedule", ref="s1", body="Later", at=at) == ack
    assert ScheduledMessage.objects.count() == 1 and take_delayed_jobs() == []
    assert socket.ask("schedule", ref="s1", body="Other", at=at)["code"] == "ref_conflict"
    assert socket.ask("schedule", ref="s1", body="Later", at=get_time(7200))["code"] == "ref_conflict"


def test_a_repeated_ref_gets_the_same_ack_after_the_scheduled_time(bob, enter, monkeypatch):
    socket, at = enter(bob), get_time()
    ack = socket.ask("schedule", ref="s1", body="Later", at=at)
    now = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr("chat.services.scheduled.timezone.now", lambda: now)
    assert socket.ask("schedule", ref="s1", body="Later", at=at) == ack


@pytest.mark.parametrize(
    "fields, code",
    [
        ({"at": None}, "invalid_field"),
        ({"at": 7}, "invalid_field"),
        ({"at": "tomorrow"}, "invalid_field"),
        ({"at": "2030-01-01T12:00:00"}, "invalid_field"),
        ({"at": "2030-01-01T12:00:00+01:00"}, "invalid_field"),
        ({"at": "2030-02-30T12:00:00Z"}, "invalid_field"),
        ({"at": "2001-01-01T12:00:00Z"}, "invalid_field"),
        ({"at": "2130-01-01T12:00:00Z"}, "invalid_field"),
        ({"at": "0000-01-01T12:00:00Z"}, "invalid_field"),
        ({"at": "2030-01-01T12:00:00Z\n"}, "invalid_field"),
        ({"body": " "}, "empty"),
        ({"body": "x" * 4001}, "too_long"),
        ({"reply_to": 99}, "not_found"),
        ({"reply_to": "1"}, "invalid_field"),
    ],
)
def test_an_invalid_schedule_is_rejected(bob, enter, fields, code):
    event = {"ref": "s1", "body": "Later", "at": get_time(), **fields}
    assert enter(bob).ask("schedule", **event)["code"] == code
    assert not ScheduledMessage.objects.exists() and take_delayed_jobs() == []


def test_a_schedule_without_a_time_is_rejected(bob, enter):
    assert enter(bob).ask("schedule", ref="s1", body="Later")["code"] == "missing_field"


def test_a_time_more_than_a_year_away_is_rejected(bob, room):
    event = protocol.Schedule("s1", "Later", timezone.now() + timedelta(days=400))
    with pytest.raises(ChatError, match="at most a year"):
        scheduled.schedule_message(rooms.join_room(bob, "garden"), event)


def test_the_number_of_waiting_messages_of_a_person_is_limited(bob, charlie, enter, make_scheduled, monkeypatch):
    monkeypatch.setattr(scheduled, "MAX_WAITING", 2)
    make_scheduled(bob, 60)
    make_scheduled(bob, 60, state="posted")
    make_scheduled(charlie, 60)
    make_scheduled(bob, 60)
    answer = enter(bob).ask("schedule", ref="s1", body="Later", at=get_time())
    assert answer["code"] == "forbidden" and "Cancel one" in answer["detail"]
    ScheduledMessage.objects.waiting().filter(author=bob).first().delete()
    assert enter(bob).ask("schedule", ref="s1", body="Later", at=get_time())["type"] == "ack"


def test_scheduling_is_refused_on_boards(db):
    # The job could not post such a message: only the board's link leads to its room.
    answer = Browser().make_board(handle="Olga").room().ask("schedule", ref="r1", body="Hello", at=get_time())
    assert answer["code"] == "forbidden" and not ScheduledMessage.objects.exists()


def test_a_message_whose_job_cannot_be_sent_is_kept_for_the_sweep(bob, room, monkeypatch, caplog):
    monkeypatch.setattr(broadcast, "start_job_later", fail_with(channel_layers[DEFAULT_CHANNEL_LAYER].ChannelFull()))
    event = protocol.Schedule("s1", "Later", timezone.now() + timedelta(hours=1))
    _, is_new = scheduled.schedule_message(rooms.join_room(bob, "garden"), event)
    assert is_new and ScheduledMessage.objects.exists() and "could not start its job on chat.scheduled" in caplog.text


def wait_for_a_blocked_connection():
    """Wait until another connection to this database waits for a lock."""
    with connection.cursor() as cursor:
        for _ in range(3000):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
            # Within a transaction, the view shows the same snapshot until the snapshot is cleared.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            time.sleep(0.01)
    raise AssertionError("no connection waits for a lock")
