"""What happens if a push service refuses, fails or is gone, and when a subscription ends."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from channels_transport import counting
from chat.models import Login, PushSubscription
from chat.services import people, rooms, sweeps
from chat.services.push import delivery, subscriptions
from chat.store import store
from tests import wire
from tests.push_service import PushBrowser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_gets_no_more_pushes(status, phone, say, work, service, subscription):
    service.answers = [(status, {})]
    say("@Bob")
    work()
    assert len(service.pushes) == 1 and subscription() is None


def test_a_busy_push_service_gets_the_push_after_the_time_that_it_names(phone, say, work, wait, service, subscription):
    service.answers = [(429, {"Retry-After": "40"})]
    say("@Bob")
    work()
    held = subscription().held_until - timezone.now()
    assert timedelta(seconds=35) < held <= timedelta(seconds=40)
    PushSubscription.objects.update(held_until=timezone.now())
    (delay,) = wait()
    assert 36 <= delay <= 41 and len(service.pushes) == 2
    assert subscription().failures == 0 and subscription().sent_at is not None


def test_nothing_is_sent_to_a_browser_during_its_pause(phone, say, work, service, subscription):
    PushSubscription.objects.update(held_until=timezone.now() + timedelta(minutes=1))
    say("@Bob")
    work()
    assert service.pushes == []


def test_the_pause_of_a_push_service_that_does_not_answer_grows(
    phone, say, work, wait, service, subscription, monkeypatch
):
    monkeypatch.setattr(delivery, "SENDING_SECONDS", 0.2)
    service.pause = 0.5
    say("@Bob")
    work()
    holds = []
    for _ in range(3):
        row = subscription()
        holds.append((row.held_until - timezone.now()).total_seconds())
        PushSubscription.objects.update(held_until=timezone.now())
        wait()
    assert [round(hold, -1) for hold in holds[:2]] == [30, 60]
    assert subscription().failures == 3 and wait() == [], "then it is lost, and the message waits in its room"


def test_nothing_is_sent_to_a_push_service_that_was_removed_from_the_settings(
    subscribe, room, bob, say, work, service, later, settings
):
    rooms.join_room(bob, "garden")
    phone, client = subscribe(bob)
    settings.CHAT_PUSH_SERVICES = [".example.com"]
    say("@Bob")
    work()
    (row,) = client.get("/api/push/").json()["browsers"]
    client.post(f"/api/push/{row['id']}/test/")
    work()
    assert service.pushes == [] and row["failing"]
    settings.CHAT_PUSH_SERVICES = ["127.0.0.1"]
    client.post(f"/api/push/{row['id']}/test/")
    work()
    assert len(phone.shown) == 1 and not client.get("/api/push/").json()["browsers"][0]["failing"]


def test_each_request_to_a_push_service_is_counted_by_its_outcome(phone, say, work, wait, service):
    counting.forget()
    service.answers = [(201, {}), (500, {}), (429, {}), (503, {}), (403, {}), (410, {})]
    for outcomes in (["sent"], ["retried", "retried", "failed"], ["failed"], ["ended"]):
        before = len(service.pushes)
        PushSubscription.objects.update(held_until=None)
        store.clear()
        say("@Bob")
        work()
        while len(service.pushes) < before + len(outcomes):
            PushSubscription.objects.update(held_until=None)
            wait()
    found = {labels[-1]: number for labels, number in counting.read()["pushes"]}
    assert found == {"sent": 1, "retried": 2, "failed": 2, "ended": 1}


def test_a_redirect_is_not_followed(phone, say, work, service, subscription):
    service.answers = [(307, {"Location": f"{service.url}/elsewhere"})]
    say("@Bob")
    work()
    assert [push.name for push in service.pushes] == ["phone"] and subscription().failures == 1


def test_a_subscription_that_fails_for_days_ends(phone, say, work, service, subscription):
    since = timezone.now() - delivery.GIVE_UP_AFTER - timedelta(hours=1)
    PushSubscription.objects.update(failures=delivery.MIN_FAILURES - 1, failing_since=since)
    service.answers = [(403, {})]
    say("@Bob")
    work()
    assert subscription() is None


def test_one_browser_that_fails_does_not_keep_another_from_its_push(phone, subscribe, bob, say, work, service):
    second, _ = subscribe(bob, "tablet")
    service.answers = [(500, {})]
    say("@Bob")
    work()
    assert len(service.pushes) == 2 and len(phone.shown) == len(second.shown) == 1


def test_the_address_of_a_push_service_stays_out_of_the_log(phone, say, work, service, caplog):
    service.answers = [(500, {})]
    say("@Bob")
    work()
    assert "A push service answered 500" in caplog.text and "phone" not in caplog.text


def test_subscriptions_end_with_their_logins(subscribe, bob, alice, service):
    def is_there(name):
        return PushSubscription.objects.filter(endpoint__endswith=f"/{name}").exists()

    _, signs_out = subscribe(bob, "signs-out")
    signs_out.delete("/api/session/")
    assert not is_there("signs-out")
    subscribe(bob, "ended")
    people.end_login(bob, PushSubscription.objects.get().login_id)
    assert not is_there("ended")
    subscribe(bob, "other")
    _, changes = subscribe(bob, "changes-password")
    fields = {"old_password": "battery staple", "new_password": "a longer battery staple"}
    assert changes.post("/password/", fields).status_code == 302
    assert is_there("changes-password") and not is_there("other")
    _, leaves = subscribe(alice, "leaves")
    leaves.delete("/api/profile/", {"password": "correct horse"}, content_type="application/json")
    assert not is_there("leaves")


def test_nothing_is_sent_after_the_login_session_has_expired(phone, say, work, service, subscription):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    say("@Bob")
    work()
    assert service.pushes == []
    for sweep in sweeps.SWEEPS:
        sweep()
    assert subscription() is None and not Login.objects.filter(person__handle="Bob").exists()


def test_a_deactivated_person_gets_nothing(phone, say, work, service, bob):
    bob.is_active = False
    bob.save()
    say("@Bob @all")
    work()
    assert service.pushes == []


def test_a_browser_belongs_to_the_person_who_subscribed_last(phone, subscribe, alice, service):
    subscribe(alice)
    assert [row.person for row in PushSubscription.objects.all()] == [alice]


def test_a_person_has_a_limited_number_of_browsers(subscribe, bob, service, monkeypatch):
    monkeypatch.setattr(subscriptions, "MAX_SUBSCRIPTIONS", 2)
    subscribe(bob, "one")
    _, client = subscribe(bob, "two")
    third = PushBrowser(service, "three").fields
    response = wire.browser_of(bob).post("/api/push/", third, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    # The browser that has one may renew it.
    again = client.post("/api/push/", PushBrowser(service, "new").fields, content_type="application/json")
    assert again.status_code == 200 and PushSubscription.objects.count() == 2


def test_a_test_reaches_one_browser(phone, subscribe, bob, service, later):
    tablet, client = subscribe(bob, "tablet")
    (row,) = [row for row in client.get("/api/push/").json()["browsers"] if row["own"]]
    assert client.post(f"/api/push/{row['id']}/test/").status_code == 202
    wire.work()
    assert phone.shown == [] and [shown["address"] for shown in tablet.shown] == ["/settings/"]
