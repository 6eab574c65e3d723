"""Reminders: stored once for each ref, sent once when they are due, and deleted by their authors."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Announcement, Member, Message, Reminder, Room
from chat.protocol import Post, Remind
from chat.services import announcements, blocks, invitations, reminders, rooms
from tests import wire
from tests.chat.helpers import assert_refused, take_delayed_jobs
from tests.chat.services.scheduled.helpers import get_time
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)


def make_due():
    """Let all reminders be due now."""
    Reminder.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def run_job(reminder_id=None):
    """Run the job of the only reminder, or of one with an id, and return its row."""
    row = Reminder.objects.get(**({"id": reminder_id} if reminder_id else {}))
    broadcast.start_job(broadcast.REMINDERS_CHANNEL, {"reminder": row.id})
    wire.work()
    row.refresh_from_db()
    return row


def remind_of(person, number=1, ref="m1", at=None):
    """Ask for a reminder of a message, and return the `ack`."""
    at = protocol.check_time(at or get_time(), "at")
    return reminders.remind_of_message(rooms.join_room(person, "garden"), Remind(ref, number, at)).ack


def bodies():
    """Return the texts of all messages, in order."""
    return list(Message.objects.order_by("id").values_list("body", flat=True))


@pytest.mark.parametrize(
    "line",
    ["/remind me in 20 minutes to call Bob", "/remind 20m call Bob", "/remind me to call Bob in 20 minutes"]
    + ["/remind @Alice in 20 minutes that call Bob"],
)
def test_a_private_reminder_is_stored_with_its_job(alice, room, run, line):
    ack = run(alice, line, "r1")
    row = Reminder.objects.get()
    assert (row.text, row.is_private, row.room_id, row.person_id) == ("call Bob", True, room.id, alice.id)
    assert abs((row.due_at - timezone.now()).total_seconds() - 1200) < 60
    assert ack["reminder"] == {"id": row.id, "at": protocol.format_time(row.due_at)} and ack["id"] is None
    assert ack["notice"].startswith("The reminder is stored for 20") and ack["notice"].endswith(" UTC.")
    [job] = take_delayed_jobs()
    assert job["channel"] == "chat.reminders" and job["content"] == {"reminder": row.id}
    assert run(alice, line, "r1") == ack and Reminder.objects.count() == 1


def test_times_are_in_the_time_zone_of_the_command(alice, run):
    notice = run(alice, "/remind 2027-01-15 09:00 Report", zone="Asia/Tokyo")["notice"]
    assert notice == "The reminder is stored for 2027-01-15 09:00."
    assert protocol.format_time(Reminder.objects.get().due_at) == "2027-01-15T00:00:00.000Z"


@pytest.mark.parametrize(
    "code, line, word",
    [
        ("invalid_field", "/remind me to call Bob", "in 20 minutes"),
        ("invalid_field", "/remind me", "in 20 minutes"),
        ("empty", "/remind me in 20 minutes", "about"),
        ("invalid_field", "/remind me 2020-01-01 Report", "future"),
        ("invalid_field", "/remind me in 60 weeks Report", "year"),
        ("not_found", "/remind @Nobody in 20 minutes Report", "nobody"),
        ("too_long", f"/remind me in 20 minutes {'a' * 501}", "500"),
        ("too_long", f"/remind me in 20 minutes {'a ' * 600}", "500"),
    ],
)
def test_a_wrong_reminder_is_refused_with_an_example(alice, run, code, line, word):
    assert word in assert_refused(code, run, alice, line).detail
    assert not Reminder.objects.exists()


def test_a_private_reminder_is_a_whisper_with_a_link(alice, enter, run, room):
    socket = enter(alice)
    run(alice, "/remind me in 20 minutes to call Bob")
    make_due()
    row = run_job()
    assert run_job().state == row.state == Reminder.SENT
    [event] = socket.seen("announcement")
    assert (event["text"], event["private"]) == ("call Bob", True)
    assert (event["reminder"], event["link"]) == (row.id, "/rooms/garden/")
    assert Announcement.objects.get().person_id == alice.id


def test_operators_do_not_see_reminders_among_the_announcements(alice, run, client, root):
    run(alice, "/remind me in 20 minutes to call Bob")
    make_due()
    run_job()
    assert not announcements.find_current().exists()
    client.force_login(root)
    assert "call Bob" not in client.get("/admin/chat/announcement/").content.decode()


def test_a_reminder_for_the_room_is_a_message_of_its_author(alice, bob, enter, run):
    watcher = enter(bob)
    run(alice, "/remind here in 20 minutes Standup")
    make_due()
    run_job()
    run_job()
    assert bodies() == ["⏰ Standup"]
    assert watcher.seen("message")[0]["author"]["handle"] == "Alice"


def test_a_reminder_for_another_person_is_a_direct_message(alice, bob, run):
    run(alice, "/remind @Bob tomorrow at 9 Report")
    make_due()
    run_job()
    message = Message.objects.select_related("room").get()
    assert message.body == "⏰ Report" and message.room.access == Room.DIRECT


def test_a_reminder_for_a_person_who_blocks_the_author_is_refused(alice, bob, run):
    run(alice, "/remind @Bob tomorrow at 9 Report")
    blocks.block_person(bob, alice)
    make_due()
    assert run_job().state == Reminder.REFUSED and bodies() == []
    assert_refused("forbidden", run, alice, "/remind @Bob tomorrow at 9 Report")


def test_a_reminder_of_a_muted_member_for_the_room_is_refused(alice, set_role, run):
    run(alice, "/remind here in 20 minutes Standup")
    set_role(alice, Member.MUTED)
    make_due()
    row = run_job()
    assert row.state == Reminder.REFUSED and "muted" in row.why


def test_a_reminder_for_a_room_that_its_author_has_left_is_refused(bob, run, room):
    run(bob, "/remind here in 20 minutes Standup")
    invitations.leave_room(bob, "garden")
    make_due()
    assert run_job().why == "You are no longer in this room." and bodies() == []
    assert not Member.objects.filter(person=bob).exists()


def test_a_reminder_of_a_deleted_room_is_refused_and_a_private_one_is_sent(alice, run, room):
    run(alice, "/remind here in 20 minutes Standup")
    run(alice, "/remind me in 20 minutes Tea")
    rooms.delete_room(room)
    make_due()
    rows = [run_job(row.id) for row in Reminder.objects.order_by("id")]
    assert [row.state for row in rows] == [Reminder.REFUSED, Reminder.SENT]
    assert Announcement.objects.get().link is None


def test_a_job_that_runs_early_starts_again(alice, run):
    run(alice, "/remind me in 20 minutes Tea")
    take_delayed_jobs()
    assert run_job().state == Reminder.WAITING
    [job] = take_delayed_jobs()
    assert 1_100_000 < job["delay"] <= 1_200_000


def test_the_sweep_sends_what_a_lost_job_left(alice, run):
    run(alice, "/remind me in 20 minutes Tea")
    Reminder.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    assert (reminders.sweep_reminders(), reminders.sweep_reminders()) == (1, 0)
    Reminder.objects.update(due_at=timezone.now() - timedelta(days=31))
    assert reminders.sweep_reminders() == 1 and not Reminder.objects.exists()


def test_a_person_is_reminded_of_a_message(alice, bob, enter, room):
    rooms.post_message(rooms.join_room(bob, "garden"), Post("p1", "The plan"))
    ack = remind_of(alice, at=(at := get_time()))
    assert remind_of(alice, at=at) == ack and ack["reminder"]["at"] == at
    socket = enter(alice)
    make_due()
    run_job()
    [event] = socket.seen("announcement")
    # The text of the message may be removed later, so the reminder only links it.
    assert event["text"] == "You wanted to be reminded of a message." and event["link"] == "/rooms/garden/#message-1"


def test_a_reminder_of_a_removed_message_has_no_link(alice, bob, room):
    member = rooms.join_room(bob, "garden")
    rooms.post_message(member, Post("p1", "The plan"))
    remind_of(alice)
    rooms.remove_message(member, protocol.Remove("d1", 1))
    make_due()
    run_job()
    assert Announcement.objects.get().link is None
    assert_refused("not_found", remind_of, alice, ref="m2")


def test_a_person_has_a_limited_number_of_reminders(alice, run, monkeypatch):
    monkeypatch.setattr("chat.services.reminders.storing.MAX_WAITING", 1)
    run(alice, "/remind me in 20 minutes Tea")
    assert_refused("forbidden", run, alice, "/remind me in 20 minutes Tea")


def test_the_list_shows_only_the_persons_own_reminders(alice, bob, run, room):
    assert run(alice, "/remind list")["notice"] == "You have no reminders."
    run(alice, "/remind me 2027-01-15 09:00 Report", zone="Europe/Berlin")
    assert run(alice, "/remind list", zone="Europe/Berlin")["notice"] == "Your reminders: 2027-01-15 09:00 Report"
    [row] = Caller(alice)("GET", "/api/reminders/")[1]["reminders"]
    assert row == {
        "id": Reminder.objects.get().id,
        "text": "Report",
        "at": "2027-01-15T08:00:00.000Z",
        "private": True,
        "room": {"slug": "garden", "name": room.name},
        "message": None,
        "state": "waiting",
        "why": None,
    }
    assert Caller(bob)("GET", "/api/reminders/") == (200, {"reminders": []})


def test_the_list_does_not_tell_the_address_of_a_room_that_the_person_has_left(alice, bob, run):
    cellar = rooms.create_room(bob, "cellar", "The cellar", is_private=True)
    member = Member.objects.create(room=cellar, person=alice, role=Member.MEMBER)
    run(alice, "/remind me in 20 minutes Tea", slug="cellar")
    member.delete()
    [row] = Caller(alice)("GET", "/api/reminders/")[1]["reminders"]
    assert row["room"] is None


def test_a_reminder_can_be_deleted_until_it_is_sent(alice, bob, run):
    run(alice, "/remind me in 20 minutes Tea")
    path = f"/api/reminders/{Reminder.objects.get().id}/"
    assert Caller(bob)("DELETE", path) == (404, "not_found")
    assert Caller(alice).browser.delete(path).status_code == 204
    assert Caller(alice)("DELETE", path) == (404, "not_found")


def test_a_reminder_that_was_sent_can_be_sent_again_later(alice, bob, run):
    run(alice, "/remind me in 20 minutes Tea")
    make_due()
    row = run_job()
    at = get_time(600)
    assert Caller(alice)("PUT", f"/api/reminders/{row.id}/", {"at": at}) == (200, {"id": row.id, "at": at})
    assert Caller(bob)("PUT", f"/api/reminders/{row.id}/", {"at": at}) == (404, "not_found")
    make_due()
    assert run_job().state == Reminder.SENT and Announcement.objects.count() == 2


def test_reminders_that_are_sent_again_count_too(alice, run, monkeypatch):
    monkeypatch.setattr("chat.services.reminders.storing.MAX_WAITING", 1)
    run(alice, "/remind me in 20 minutes Tea")
    make_due()
    path = f"/api/reminders/{run_job().id}/"
    run(alice, "/remind me in 20 minutes Coffee")
    assert Caller(alice)("PUT", path, {"at": get_time(600)}) == (403, "forbidden")
    assert Caller(alice).browser.delete(f"/api/reminders/{Reminder.objects.waiting().get().id}/").status_code == 204
    assert Caller(alice)("PUT", path, {"at": get_time(600)})[0] == 200
    assert Caller(alice)("PUT", path, {"at": get_time(700)})[0] == 200


def test_a_message_that_was_posted_cannot_be_sent_again(alice, run):
    run(alice, "/remind here in 20 minutes Standup")
    make_due()
    row = run_job()
    assert Caller(alice)("PUT", f"/api/reminders/{row.id}/", {"at": get_time()}) == (404, "not_found")
