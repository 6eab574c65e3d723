"""Posting a scheduled message: once, at its time, with the rights that the author has then."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Announcement, Member, Message, Person, Room, ScheduledMessage
from chat.services import invitations, rooms, scheduled
from tests import wire
from tests.chat.helpers import take_delayed_jobs
from tests.chat.services.scheduled.helpers import get_time, read_bodies, run_job
from tests.helpers import fail_with, statements

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_job_posts_the_message_once(alice, bob, enter, make_scheduled):
    watcher, row = enter(alice), make_scheduled(bob)
    run_job(run_job(row))
    assert [event["body"] for event in watcher.seen("message")] == ["Hello"]
    assert watcher.seen("message")[0]["author"] == {"handle": "Bob"}
    assert (row.state, row.number, read_bodies()) == ("posted", 1, ["Hello"])


def test_a_scheduled_message_can_be_a_reply(alice, bob, enter, make_scheduled):
    enter(alice).post("r1", "A question")
    run_job(make_scheduled(bob, reply_to=1))
    assert Message.objects.get(number=2).reply_to == 1


def test_a_scheduled_reply_is_posted_in_its_thread(alice, bob, enter):
    asker, writer = enter(alice), enter(bob)
    asker.post("r1", "A question")
    ack = writer.ask("schedule", ref="s1", body="An answer", at=get_time(), thread=1)
    row = ScheduledMessage.objects.get(id=ack["scheduled_id"])
    ScheduledMessage.objects.filter(id=row.id).update(due_at=timezone.now())
    assert run_job(row).state == "posted"
    assert Message.objects.get(number=2).thread_root == 1
    assert asker.seen("message")[-1]["thread"]["count"] == 1


def test_a_reply_is_refused_if_its_thread_has_lost_the_first_message(alice, bob, enter, make_scheduled):
    asker = enter(alice)
    asker.post("r1", "A question")
    row = make_scheduled(bob, thread_root=1)
    asker.ask("remove", ref="x1", id=1)
    assert run_job(row).state == "refused" and "was removed" in row.why


def test_a_job_that_runs_before_its_time_is_scheduled_again(bob, make_scheduled):
    row = run_job(make_scheduled(bob, 60))
    assert row.state == "waiting" and read_bodies() == []
    [job] = take_delayed_jobs()
    assert job["content"] == {"scheduled": row.id} and 50_000 < job["delay"] <= 60_000


@pytest.mark.parametrize("role, word", [(Member.MUTED, "muted"), (Member.BANNED, "banned")])
def test_a_message_of_a_muted_or_banned_author_is_refused(bob, enter, make_scheduled, role, word):
    rooms.apply_role(rooms.join_room(bob, "garden"), role)
    row = run_job(make_scheduled(bob))
    assert (row.state, read_bodies()) == ("refused", []) and word in row.why


def test_a_refused_message_stays_refused(bob, make_scheduled):
    member = rooms.join_room(bob, "garden")
    rooms.apply_role(member, Member.MUTED)
    row = run_job(make_scheduled(bob))
    rooms.apply_role(member, Member.MEMBER)
    assert run_job(row).state == "refused" and scheduled.sweep_scheduled() == 0 and read_bodies() == []


def test_a_message_of_a_deactivated_author_is_refused(charlie, make_scheduled):
    charlie.is_active = False
    charlie.save()
    row = run_job(make_scheduled(charlie))
    assert (row.state, row.why, read_bodies()) == ("refused", "The author's account is no longer active.", [])


def test_a_message_of_a_guest_is_refused_after_the_site_was_closed_to_guests(make_scheduled, settings):
    guest = Person.objects.create(handle="Gina", is_guest=True)
    assert run_job(make_scheduled(guest)).state == "posted"
    settings.CHAT_GUESTS = False
    row = run_job(make_scheduled(guest, body="Later"))
    assert (row.state, read_bodies()) == ("refused", ["Hello"]) and "closed to guests" in row.why


@pytest.mark.parametrize("access, link", [("public", "/rooms/garden/"), ("private", None)])
def test_a_message_of_an_author_who_has_left_the_room_is_refused(bob, make_scheduled, access, link):
    row, page = make_scheduled(bob), wire.Socket("/me/", wire.browser_of(bob)).connect()
    Room.objects.update(access=access)
    invitations.leave_room(bob, "garden")
    row = run_job(row)
    assert (row.state, row.why, read_bodies()) == ("refused", "You are no longer in this room.", [])
    assert not Member.objects.filter(person=bob).exists()
    [told] = page.seen("announcement")
    assert "not posted" in told["text"] and told.get("link") == link
    run_job(row)
    assert Announcement.objects.count() == 1


def test_a_message_of_an_author_who_has_come_back_is_posted(bob, make_scheduled):
    row = make_scheduled(bob)
    invitations.leave_room(bob, "garden")
    rooms.join_room(bob, "garden")
    assert run_job(row).state == "posted" and not Announcement.objects.exists()


def test_deleting_a_room_deletes_its_scheduled_messages(bob, room, make_scheduled):
    row = make_scheduled(bob)
    rooms.delete_room(room)
    assert not ScheduledMessage.objects.exists()
    assert scheduled.post_scheduled(row.id) is False


def test_a_failed_post_leaves_the_message_waiting(bob, make_scheduled, monkeypatch, caplog):
    row = make_scheduled(bob)
    monkeypatch.setattr(rooms, "post_message", fail_with(ZeroDivisionError()))
    assert run_job(row).state == "waiting" and "A job on chat.scheduled failed" in caplog.text
    monkeypatch.undo()
    assert run_job(row).state == "posted"


@pytest.mark.parametrize("content", [{}, {"scheduled": None}, {"scheduled": "x"}, {"scheduled": 10**9}])
def test_an_invalid_job_raises_no_error(db, content):
    broadcast.start_job(broadcast.SCHEDULED_CHANNEL, content)
    wire.work()


def test_a_clients_ref_cannot_block_a_scheduled_message(bob, make_scheduled):
    row = make_scheduled(bob, body="Later")
    rooms.post_message(rooms.join_room(bob, "garden"), protocol.Post(f"scheduled-{row.id}", "Now"))
    scheduled.post_scheduled(row.id)
    assert read_bodies() == ["Now", "Later"]
    assert all(protocol.is_ref(ref) for ref in Message.objects.values_list("ref", flat=True))


def test_the_sweep_posts_overdue_messages(bob, make_scheduled):
    overdue, fresh, waiting = make_scheduled(bob, -60, body="Lost"), make_scheduled(bob, -1), make_scheduled(bob, 60)
    make_scheduled(bob, -60, state="refused")
    assert scheduled.sweep_scheduled() == 1
    assert read_bodies() == ["Lost"] and ScheduledMessage.objects.waiting().count() == 2
    assert scheduled.sweep_scheduled() == 0
    assert {overdue.id, fresh.id, waiting.id} == set(
        ScheduledMessage.objects.exclude(state="refused").values_list("id", flat=True)
    )


def test_one_failing_message_does_not_stop_the_sweep(bob, make_scheduled, monkeypatch, caplog):
    broken, _ = make_scheduled(bob, -61), make_scheduled(bob, -60, body="Lost")
    post = scheduled._post
    monkeypatch.setattr(scheduled, "_post", lambda row: 1 / 0 if row.id == broken.id else post(row))
    assert scheduled.sweep_scheduled() == 1 and read_bodies() == ["Lost"]
    assert f"message {broken.id} could not be posted" in caplog.text


def test_the_sweep_deletes_old_rows(alice, make_scheduled):
    day = 24 * 3600
    kept = [
        make_scheduled(alice, -day / 2, state="posted"),
        make_scheduled(alice, -29 * day, state="refused"),
        make_scheduled(alice, 60),
    ]
    for seconds, state in ((-1.1 * day, "posted"), (-31 * day, "refused")):
        make_scheduled(alice, seconds, state=state)
    assert scheduled.sweep_scheduled() == 2
    assert list(ScheduledMessage.objects.order_by("id")) == kept


def test_cancelling_claims_the_row_before_it_deletes_the_row(bob, make_scheduled):
    row = make_scheduled(bob, 60)
    with CaptureQueriesContext(connection) as queries:
        scheduled.cancel_scheduled(bob, "garden", row.id)
    assert statements(queries)[:2] == [("SELECT", "chat_room"), ("UPDATE", "chat_scheduledmessage")]
    assert statements(queries)[-1] == ("DELETE", "chat_scheduledmessage") and not ScheduledMessage.objects.exists()
