"""The pushes of private reminders: sent when the reminder is due, unless the person uses a page or has dismissed it."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from chat import broadcast
from chat.models import Announcement, PushSubscription, Reminder
from chat.services import announcements, people
from tests import wire
from tests.chat.services.commands.conftest import run  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def remind(bob, run):  # noqa: F811
    """Return a function that stores a reminder of Bob, and sends it at once."""

    def remind(line="/remind me in 20 minutes to water the roses"):
        run(bob, line)
        Reminder.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        # A job may run twice.
        for _ in range(2):
            broadcast.start_job(broadcast.REMINDERS_CHANNEL, {"reminder": Reminder.objects.get().id})
        wire.work()

    return remind


def test_a_private_reminder_reaches_a_closed_browser_once(phone, remind, bob, service):
    people.change_preferences(bob, {"notify": "none", "quiet_from": time(0), "quiet_to": time(23, 59)})
    remind()
    (shown,) = phone.shown
    assert shown == {
        "title": "Reminder",
        "body": "water the roses",
        "address": "/rooms/garden/",
        "slug": "",
        "tag": f"reminder {Announcement.objects.get().id}",
        "person": people.get_page_key(bob),
    }
    assert service.pushes[0].headers["Urgency"] == "high"


def test_a_reminder_does_not_show_its_text_where_the_person_wants_none(subscribe, bob, room, remind):
    browser, _ = subscribe(bob, text=False)
    remind()
    assert [(shown["title"], shown["body"]) for shown in browser.shown] == [("Reminder", "")]


@pytest.mark.parametrize("is_dismissed", [True, False])
def test_an_active_person_gets_the_push_a_minute_later_unless_the_reminder_is_dismissed(
    is_dismissed, phone, remind, wait, bob, clock
):
    wire.Socket("/me/", wire.browser_of(bob)).connect().say("sync", active=True)
    remind()
    assert phone.shown == []
    if is_dismissed:
        announcements.dismiss_announcement(bob.id, Announcement.objects.get().id)
    clock.pass_by(61)
    wait()
    assert len(phone.shown) == (0 if is_dismissed else 1)


def test_a_busy_push_service_gets_the_reminder_later(phone, remind, wait, service, subscription):
    service.answers = [(500, {})]
    remind()
    PushSubscription.objects.update(held_until=timezone.now())
    wait()
    assert len(service.pushes) == 2 and subscription().failures == 0


def test_a_reminder_for_the_room_is_an_ordinary_message(phone, remind):
    remind("/remind here in 20 minutes the roses")
    assert phone.shown == []
