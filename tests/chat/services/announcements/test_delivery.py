"""The delivery of announcements: failures, costs and the sweep."""

from datetime import timedelta

import pytest
import redis
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import broadcast
from chat.models import Announcement, Receipt
from chat.services import announcements, people
from tests.chat.services.announcements.helpers import received
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("error", [redis.ConnectionError("away"), KeyError("a bug")])
def test_an_announcement_that_could_not_be_published_is_received_at_the_next_connect(
    alice, enter, monkeypatch, caplog, error
):
    socket = enter(alice)
    with monkeypatch.context() as patch:
        patch.setattr("chat.broadcast.publish", fail_with(error))
        announcement = announcements.announce("Hello all")
    assert f"could not publish announcement {announcement.id}" in caplog.text
    assert ("Traceback" in caplog.text) == isinstance(error, KeyError)
    assert received(socket) == [] and received(enter(alice)) == ["Hello all"]


def test_a_rolled_back_announcement_is_not_published(alice, enter):
    socket = enter(alice)
    with pytest.raises(DatabaseError), transaction.atomic():
        announcements.announce("Never said")
        raise DatabaseError
    assert received(socket) == [] and received(enter(alice)) == []


def test_a_connect_without_announcements_reads_twice_and_writes_nothing(alice, enter):
    enter(alice)
    with CaptureQueriesContext(connection) as queries:
        enter(alice)
    statements = [query["sql"] for query in queries if "announcement" in query["sql"]]
    assert len(statements) == 2 and all(sql.split()[0] == "SELECT" for sql in statements)


def test_a_heartbeat_reads_no_announcements(alice, enter):
    socket = enter(alice)
    announcements.announce("Hello all")
    with CaptureQueriesContext(connection) as queries:
        socket.say("sync", cursor=0)
    assert not [query for query in queries if "announcement" in query["sql"]]


@pytest.mark.parametrize("listeners", [3, 30])
def test_the_cost_of_an_announcement_does_not_grow_with_its_listeners(alice, enter, listeners, monkeypatch):
    for number in range(listeners):
        enter(people.sign_up_guest(f"Guest {number}"))
    publish, published = broadcast.publish, []
    monkeypatch.setattr(broadcast, "publish", lambda group, event: published.append(group) or publish(group, event))
    with CaptureQueriesContext(connection) as queries:
        announcements.announce("Hello all")
    statements = [query["sql"].split()[0] for query in queries if query["sql"].split()[0] in ("SELECT", "INSERT")]
    # The service stores one row, and publishes to rooms, the lobby, waiting rooms, and the people's own streams.
    assert statements == ["INSERT"] and len(published) == 4
    assert Receipt.objects.count() == 0


def test_a_dismissal_runs_three_statements(alice, enter):
    socket = enter(alice)
    announcement = announcements.announce("Hello all")
    with CaptureQueriesContext(connection) as queries:
        assert announcements.dismiss_announcement(alice.id, announcement.id)
    statements = [query["sql"].split()[0] for query in queries if query["sql"].split()[0] in ("SELECT", "INSERT")]
    # The statements check the announcement, store the receipt, and read the person's rooms, whose tabs are notified.
    assert statements == ["SELECT", "INSERT", "SELECT"]
    assert socket.seen("dismissed") == [{"type": "dismissed", "id": announcement.id}]


def test_the_sweep_deletes_expired_announcements_with_their_receipts(alice, monkeypatch):
    kept = announcements.announce("stands")
    for text in ("one", "two"):
        announcements.announce(text)
    for announcement in Announcement.objects.all():
        announcements.dismiss_announcement(alice.id, announcement.id)
    Announcement.objects.exclude(id=kept.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(announcements, "MAX_SWEPT", 1)
    assert [announcements.sweep_announcements() for _ in range(4)] == [0, 0, 2, 0]
    assert [announcement.id for announcement in Announcement.objects.all()] == [kept.id]
    assert Receipt.objects.count() == 1
