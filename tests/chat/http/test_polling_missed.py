"""Polling: events of one person that are sent while none of the client's requests is waiting."""

import pytest

from chat import protocol
from chat.models import Task
from chat.services import announcements, moderation, rooms, tasks
from chat.store import store
from tests.chat.helpers import types

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bobs_client(poller, bob):
    client = poller(bob)
    client.start()
    return client


def test_a_read_in_another_tab_arrives_with_the_next_poll(enter, bobs_client, alice, bob):
    enter(alice).post("a1")
    bobs_client.poll_again()
    enter(bob).say("read", offset=1)
    assert bobs_client.poll_again().body["events"] == [protocol.read(1)]
    assert bobs_client.poll_again().later is not None


def test_a_dismissal_and_a_withdrawal_arrive_with_the_next_poll(enter, bobs_client, bob):
    kept, dismissed, withdrawn = (announcements.announce(text) for text in ("Kept", "Dismissed", "Withdrawn"))
    whispered = announcements.whisper("Bob", "For you")
    events = bobs_client.poll_again().body["events"]
    assert [event["id"] for event in events] == [kept.id, dismissed.id, withdrawn.id, whispered.id]
    enter(bob).say("dismiss", id=dismissed.id)
    announcements.dismiss_announcement(bob.id, whispered.id)
    announcements.withdraw_announcement(withdrawn.id)
    events = bobs_client.poll_again().body["events"]
    assert {event["id"] for event in events} == {dismissed.id, whispered.id, withdrawn.id}
    assert set(types(events)) == {"dismissed"}


def test_an_announcement_in_the_first_answer_is_not_sent_again(poller, bob):
    announcement = announcements.announce("Closing at eight")
    bobs_client = poller(bob)
    assert announcement.id in [event.get("id") for event in bobs_client.start()]
    assert bobs_client.poll_again().later is not None


def test_the_states_and_the_deletion_of_a_task_arrive_with_the_next_poll(enter, bobs_client, bob):
    enter(bob).say("start", ref="t1", task="statistics", params={})
    task = Task.objects.get()
    assert bobs_client.poll_again().body["events"] == [tasks.describe(task)]
    Task.objects.update(state=Task.RUNNING, progress=40)
    (event,) = bobs_client.poll_again().body["events"]
    assert (event["type"], event["state"], event["progress"]) == ("task", "running", 40)
    tasks.delete_task(bob, task.id)
    (event,) = bobs_client.poll_again().body["events"]
    assert (event["type"], event["task_id"], event["state"], event["forgotten"]) == ("task", task.id, "failed", True)
    assert bobs_client.poll_again().later is not None


def test_the_end_of_a_mute_arrives_with_the_next_poll(bobs_client, alice, bob, room):
    moderation.change_role(alice, room, bob, "muted")
    assert bobs_client.poll_again().body["events"] == [protocol.member("Bob", "muted", is_guest=bob.is_guest)]
    moderation.change_role(alice, room, bob, "member")
    assert [event["role"] for event in bobs_client.poll_again().body["events"]] == [rooms.get_default_role(bob)]


def test_new_and_closed_reports_arrive_with_the_moderators_next_poll(enter, poller, bobs_client, alice, bob, room):
    alices_client = poller(alice)
    enter(bob).post("b1")
    alices_client.start()
    bobs_client.poll_again()
    author, reporter = enter(bob), enter(alice)
    author.post("b2")
    alices_client.poll_again()
    report, _ = moderation.report_message(alice, room, 1, "Nonsense")
    assert alices_client.poll_again().body["events"] == [protocol.reported()]
    moderation.close_report(alice, room, report.id, "dismiss")
    assert alices_client.poll_again().body["events"] == [protocol.reported()]
    assert alices_client.poll_again().later is not None
    assert "reported" not in types(bobs_client.poll_again().body["events"])
    assert not reporter.seen("rejected")


def test_a_client_whose_state_was_lost_gets_the_whole_state(bobs_client, bob):
    announcement = announcements.announce("Closing at eight")
    bobs_client.poll_again()
    store.clear()
    events = bobs_client.poll_again().body["events"]
    assert [event for event in events if event["type"] == "announcement"] == [announcements.describe(announcement)]
    assert protocol.read(0) in events


def test_an_old_task_of_many_is_not_announced_as_deleted(enter, bobs_client, bob, monkeypatch):
    monkeypatch.setattr("chat.services.tasks.requests.MAX_RECENT", 1)
    tab = enter(bob)
    tab.say("start", ref="t1", task="statistics", params={})
    bobs_client.poll_again()
    Task.objects.update(state=Task.DONE)
    tab.say("start", ref="t2", task="statistics", params={})
    (event,) = bobs_client.poll_again().body["events"]
    assert (event["ref"], "forgotten" in event) == ("t2", False)
