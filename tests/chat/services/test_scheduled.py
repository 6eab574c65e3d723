"""Messages that are posted later: kept, posted once at their time, judged as things are then."""

import contextlib
import threading
import time
from datetime import timedelta

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Member, Message, ScheduledMessage
from chat.protocol import ChatError
from chat.services import audit, moderation, rooms, scheduled
from tests import wire
from tests.chat.helpers import Browser
from tests.helpers import fail_with, statements
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/rooms/garden/scheduled/"


def later(seconds=3600):
    return protocol.format_time(timezone.now() + timedelta(seconds=seconds))


def jobs():
    """What is on its way to the delay server."""
    found = []
    while (content := wire.layer().receive([broadcast.DELAY_CHANNEL])[1]) is not None:
        found.append(content)
    return found


@pytest.fixture
def make(room):
    """Makes a row of a person that is due so many seconds from now."""

    def make(person, seconds=-1, **fields):
        due_at = timezone.now() + timedelta(seconds=seconds)
        return ScheduledMessage.objects.create(
            **{"room": room, "author": person, "body": "Hello", "due_at": due_at, **fields}
        )

    return make


def bodies():
    return list(Message.objects.order_by("number").values_list("body", flat=True))


def run_job(row):
    broadcast.start_job(broadcast.SCHEDULED_CHANNEL, {"scheduled": row.id})
    wire.work()
    row.refresh_from_db()
    return row


# By the socket.


def test_it_is_acked_with_its_id_and_its_job_is_on_its_way(bob, enter):
    socket = enter(bob)
    ack = socket.ask("schedule", ref="s1", body=" Later ", at=later(60), reply_to=None)
    row = ScheduledMessage.objects.get()
    assert ack == {"type": "ack", "ref": "s1", "id": None, "offset": None, "scheduled_id": row.id}
    assert (row.author, row.body, row.state) == (bob, "Later", "waiting")
    [job] = jobs()
    assert (job["channel"], job["content"]) == ("chat.scheduled", {"scheduled": row.id})
    assert 50_000 < job["delay"] <= 60_000
    assert bodies() == [] and socket.seen("message") == []


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL: bin/test --postgres")
def test_who_schedules_while_somebody_acts_on_them_does_not_hold_both_up(alice, bob, room, monkeypatch):
    rooms.apply_role(rooms.join_room(alice, "garden"), "owner")
    member, note, stored = rooms.join_room(bob, "garden"), audit.record, []
    event = protocol.Schedule(ref="s1", body="Later", at=timezone.now() + timedelta(hours=1), reply_to=None)

    def schedule():
        with contextlib.closing(connection):
            stored.append(scheduled.schedule_message(member, event))

    thread = threading.Thread(target=schedule)

    def be_overtaken(*arguments, **fields):
        thread.start()
        wait_until_one_waits()
        return note(*arguments, **fields)

    monkeypatch.setattr(audit, "record", be_overtaken)
    assert moderation.change_role(alice, room, bob, "moderator").role == "moderator"
    thread.join(30)
    assert [is_new for _, is_new in stored] == [True]


def wait_until_one_waits():
    """Until another connection to this database waits for a lock."""
    with connection.cursor() as cursor:
        for _ in range(3000):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
            # What it shows stays as it is within a transaction.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_the_same_ref_gives_the_same_ack_and_no_second_job(bob, enter):
    socket, at = enter(bob), later()
    ack = socket.ask("schedule", ref="s1", body="Later", at=at)
    jobs()
    assert socket.ask("schedule", ref="s1", body="Later", at=at) == ack
    assert ScheduledMessage.objects.count() == 1 and jobs() == []
    assert socket.ask("schedule", ref="s1", body="Other", at=at)["code"] == "ref_conflict"
    assert socket.ask("schedule", ref="s1", body="Later", at=later(7200))["code"] == "ref_conflict"


def test_the_same_ref_gives_the_same_ack_when_its_time_has_passed(bob, enter, monkeypatch):
    socket, at = enter(bob), later()
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
def test_what_will_not_do_is_refused_and_nothing_is_kept(bob, enter, fields, code):
    event = {"ref": "s1", "body": "Later", "at": later(), **fields}
    assert enter(bob).ask("schedule", **event)["code"] == code
    assert not ScheduledMessage.objects.exists() and jobs() == []


def test_a_time_must_be_given(bob, enter):
    assert enter(bob).ask("schedule", ref="s1", body="Later")["code"] == "missing_field"


def test_a_hundred_wait_and_no_more(bob, charlie, enter, make, monkeypatch):
    monkeypatch.setattr(scheduled, "MAX_WAITING", 2)
    make(bob, 60), make(bob, 60, state="posted"), make(charlie, 60), make(bob, 60)
    answer = enter(bob).ask("schedule", ref="s1", body="Later", at=later())
    assert answer["code"] == "forbidden" and "Cancel one" in answer["detail"]
    ScheduledMessage.objects.waiting().filter(author=bob).first().delete()
    assert enter(bob).ask("schedule", ref="s1", body="Later", at=later())["type"] == "ack"


def test_without_a_way_to_the_delay_server_it_is_kept_for_the_sweep(bob, room, monkeypatch, caplog):
    monkeypatch.setattr(broadcast, "start_job_later", fail_with(channel_layers[DEFAULT_CHANNEL_LAYER].ChannelFull()))
    event = protocol.Schedule("s1", "Later", timezone.now() + timedelta(hours=1))
    _, is_new = scheduled.schedule_message(rooms.join_room(bob, "garden"), event)
    assert is_new and ScheduledMessage.objects.exists() and "could not start its job on chat.scheduled" in caplog.text


# At its time.


def test_the_job_posts_it_once_to_everybody(alice, bob, enter, make):
    watcher, row = enter(alice), make(bob)
    run_job(run_job(row))
    assert [event["body"] for event in watcher.seen("message")] == ["Hello"]
    assert watcher.seen("message")[0]["author"] == {"handle": "Bob"}
    assert (row.state, row.number, bodies()) == ("posted", 1, ["Hello"])


def test_it_may_answer_a_message(alice, bob, enter, make):
    enter(alice).post("r1", "A question")
    run_job(make(bob, reply_to=1))
    assert Message.objects.get(number=2).reply_to == 1


def test_a_job_that_comes_too_early_comes_again(bob, make):
    row = run_job(make(bob, 60))
    assert row.state == "waiting" and bodies() == []
    [job] = jobs()
    assert job["content"] == {"scheduled": row.id} and 50_000 < job["delay"] <= 60_000


@pytest.mark.parametrize("role, word", [(Member.MUTED, "muted"), (Member.BANNED, "banned")])
def test_who_may_not_speak_by_then_does_not(bob, enter, make, role, word):
    rooms.apply_role(rooms.join_room(bob, "garden"), role)
    row = run_job(make(bob))
    assert (row.state, bodies()) == ("refused", []) and word in row.why


def test_what_was_refused_stays_so(bob, make):
    member = rooms.join_room(bob, "garden")
    rooms.apply_role(member, Member.MUTED)
    row = run_job(make(bob))
    rooms.apply_role(member, Member.MEMBER)
    assert run_job(row).state == "refused" and scheduled.sweep_scheduled() == 0 and bodies() == []


def test_who_is_gone_for_good_does_not_speak(charlie, make):
    charlie.is_active = False
    charlie.save()
    row = run_job(make(charlie))
    assert (row.state, row.why, bodies()) == ("refused", "The author's account is no longer active.", [])


def test_who_was_put_out_of_a_private_room_does_not_speak_there(bob, room, make):
    row = make(bob)
    room.access = room.PRIVATE
    room.save()
    assert run_job(row).state == "refused" and bodies() == []


def test_a_room_that_is_gone_takes_its_scheduled_messages_along(bob, room, make):
    row = make(bob)
    rooms.delete_room(room)
    assert not ScheduledMessage.objects.exists()
    assert scheduled.post_scheduled(row.id) is False


def test_a_failure_in_the_middle_leaves_it_waiting(bob, make, monkeypatch, caplog):
    row = make(bob)
    monkeypatch.setattr(rooms, "post_message", fail_with(ZeroDivisionError()))
    assert run_job(row).state == "waiting" and "A job on chat.scheduled failed" in caplog.text
    monkeypatch.undo()
    assert run_job(row).state == "posted"


@pytest.mark.parametrize("content", [{}, {"scheduled": None}, {"scheduled": "x"}, {"scheduled": 10**9}])
def test_a_job_for_nothing_harms_nobody(db, content):
    broadcast.start_job(broadcast.SCHEDULED_CHANNEL, content)
    wire.work()


def test_the_sweep_posts_what_is_overdue(bob, make):
    overdue, fresh, waiting = make(bob, -60, body="Lost"), make(bob, -1), make(bob, 60)
    make(bob, -60, state="refused")
    assert scheduled.sweep_scheduled() == 1
    assert bodies() == ["Lost"] and ScheduledMessage.objects.waiting().count() == 2
    assert scheduled.sweep_scheduled() == 0
    assert {overdue.id, fresh.id, waiting.id} == set(
        ScheduledMessage.objects.exclude(state="refused").values_list("id", flat=True)
    )


def test_one_that_cannot_be_posted_does_not_keep_the_sweep_from_the_others(bob, make, monkeypatch, caplog):
    broken, _ = make(bob, -61), make(bob, -60, body="Lost")
    post = scheduled._post
    monkeypatch.setattr(scheduled, "_post", lambda row: 1 / 0 if row.id == broken.id else post(row))
    assert scheduled.sweep_scheduled() == 1 and bodies() == ["Lost"]
    assert f"message {broken.id} could not be posted" in caplog.text


# By HTTP.


def test_it_is_scheduled_shown_and_cancelled(bob, charlie, room):
    call, at = Caller(bob), later()
    status, body = call("POST", PATH, {"ref": "s1", "body": "Later", "at": at})
    number = ScheduledMessage.objects.get().id
    assert (status, body) == (201, {"ref": "s1", "scheduled_id": number})
    assert call("POST", PATH, {"ref": "s1", "body": "Later", "at": at}) == (200, body)
    row = {"id": number, "body": "Later", "at": at, "reply_to": None, "state": "waiting", "why": None}
    assert call("GET", PATH) == (200, {"scheduled": [row]})
    assert Caller(charlie)("GET", PATH) == (200, {"scheduled": []})
    assert Caller(charlie)("DELETE", f"{PATH}{number}/")[0] == 404
    assert call.browser.delete(f"{PATH}{number}/").status_code == 204
    assert call("GET", PATH) == (200, {"scheduled": []})
    assert scheduled.post_scheduled(number) is False and bodies() == []


def test_what_was_posted_cannot_be_cancelled(bob, make):
    row = run_job(make(bob))
    assert Caller(bob)("DELETE", f"{PATH}{row.id}/") == (404, "not_found")


def test_what_was_refused_is_shown_with_its_reason_and_can_be_put_away(bob, make):
    row = make(bob, state="refused", why="You are muted in this room.")
    call = Caller(bob)
    [shown] = call("GET", PATH)[1]["scheduled"]
    assert (shown["state"], shown["why"]) == ("refused", "You are muted in this room.")
    assert call.browser.delete(f"{PATH}{row.id}/").status_code == 204


def test_cancelling_is_one_statement(bob, make):
    row = make(bob, 60)
    with CaptureQueriesContext(connection) as queries:
        scheduled.cancel_scheduled(bob, "garden", row.id)
    assert statements(queries) == [("SELECT", "chat_room"), ("DELETE", "chat_scheduledmessage")]


@pytest.mark.parametrize("method, path", [("GET", PATH), ("POST", PATH), ("DELETE", f"{PATH}1/")])
def test_strangers_schedule_nothing(room, method, path):
    assert Caller()(method, path, {"ref": "s1", "body": "Later", "at": later()}) == (401, "not_signed_in")


@pytest.mark.parametrize("method, path", [("GET", PATH), ("POST", PATH)])
def test_the_banned_schedule_nothing(bob, room, method, path):
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    assert Caller(bob)(method, path, {"ref": "s1", "body": "Later", "at": later()})[0] == 403


@pytest.mark.parametrize(
    "path", ["/api/rooms/attic/scheduled/", "/api/rooms/attic/scheduled/1/", f"{PATH}99999999999999999999/"]
)
def test_there_is_nothing_elsewhere(bob, room, path):
    assert Caller(bob)("DELETE" if path.endswith("1/") or "9" in path else "GET", path)[0] == 404


def test_a_refusal_names_its_ref(bob, room):
    call = Caller(bob)
    assert call("POST", PATH, {"ref": "s1", "body": "Later", "at": "2001-01-01T00:00:00Z"}) == (400, "invalid_field")
    assert call.answer.json()["ref"] == "s1"


def test_too_long_a_wait_is_said_in_words(bob, room):
    event = protocol.Schedule("s1", "Later", timezone.now() + timedelta(days=400))
    with pytest.raises(ChatError, match="at most a year"):
        scheduled.schedule_message(rooms.join_room(bob, "garden"), event)


def test_nothing_is_posted_later_on_a_board(db):
    # There it could not be posted: a board's room is found by its link alone.
    answer = Browser().make_board(handle="Olga").room().ask("schedule", ref="r1", body="Hello", at=later())
    assert answer["code"] == "forbidden" and not ScheduledMessage.objects.exists()


def test_to_cancel_tells_nobody_which_rooms_there_are(alice, bob, room):
    rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    as_bob = Caller(bob)
    found = [as_bob("DELETE", f"/api/rooms/{slug}/scheduled/1/") for slug in ("cellar", "nowhere", "%00")]
    details = {as_bob.browser.delete(f"/api/rooms/{slug}/scheduled/1/").json()["detail"] for slug in ("cellar", "no")}
    assert found == [(404, "not_found")] * 3 and len(details) == 1


def test_a_ref_that_looks_like_ours_keeps_nothing_from_being_posted(bob, make):
    row = make(bob, body="Later")
    rooms.post_message(rooms.join_room(bob, "garden"), protocol.Post(f"scheduled-{row.id}", "Now"))
    scheduled.post_scheduled(row.id)
    assert bodies() == ["Now", "Later"]
    assert all(protocol.is_ref(ref) for ref in Message.objects.values_list("ref", flat=True))


def test_what_is_long_over_is_forgotten(alice, make):
    day = 24 * 3600
    kept = [make(alice, -day / 2, state="posted"), make(alice, -29 * day, state="refused"), make(alice, 60)]
    for seconds, state in ((-1.1 * day, "posted"), (-31 * day, "refused")):
        make(alice, seconds, state=state)
    assert scheduled.sweep_scheduled() == 2
    assert list(ScheduledMessage.objects.order_by("id")) == kept
