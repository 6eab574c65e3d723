"""Messages of a room are sent to the address of an outgoing webhook: in order, signed, and again after a failure."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from chat import broadcast
from chat.models import Announcement, EmailAddress, Hook, HookDelivery, Mail, Message, Room
from chat.protocol import Command, Post, Remove
from chat.services import commands, hooks, outgoing, rooms
from chat.services.hooks import deliveries, triggers
from chat.services.hooks.notices import write_hook_disabled
from tests import wire
from tests.chat.helpers import assert_refused, take_delayed_jobs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def say(room, bob):
    """Return a function that posts a body as Bob, and runs the jobs."""
    refs = iter(range(100))

    def say(*bodies, person=bob):
        for body in bodies:
            rooms.post_message(rooms.join_room(person, "garden"), Post(f"say-{next(refs)}", body))
        wire.work()

    return say


def states():
    return list(HookDelivery.objects.order_by("id").values_list("state", "tries", "status"))


def bodies():
    return list(Message.objects.order_by("number").values_list("body", flat=True))


def test_every_message_is_sent_with_a_signature(make_outgoing, receiver, say):
    hook, secret = make_outgoing()
    say("Hello *all*")
    [(headers, body)] = receiver.requests
    content = json.loads(body)
    assert (content["text"], content["user_name"], content["channel_name"]) == ("Hello *all*", "Bob", "garden")
    assert content["message"]["id"] == content["post_id"] == 1 and content["type"] == "message"
    # This is the code that docs/bots.md shows to receivers.
    signed = b"v1:" + headers["X-Chat-Timestamp"].encode() + b":" + body
    expected = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Chat-Signature"] == expected == hooks.sign(secret, headers["X-Chat-Timestamp"], body)
    assert states() == [("sent", 1, 200)] and secret not in Hook.objects.get().secret
    assert headers["X-Chat-Delivery"] == str(HookDelivery.objects.get().id)


def test_only_a_trigger_word_at_the_beginning_triggers(make_outgoing, receiver, say):
    make_outgoing("words", ["deploy", "Status of", "!"])
    say("deploy now", "Deploy", "deployed", "please deploy", "STATUS OF x", "!help", "¡", "deploy-now")
    assert receiver.texts == ["deploy now", "Deploy", "STATUS OF x", "!help", "deploy-now"]
    assert [body["trigger_word"] for body in receiver.bodies][2:4] == ["Status of", "!"]


def test_a_room_without_outgoing_hooks_runs_no_query_for_them(
    incoming, make_outgoing, owner, say, django_assert_num_queries
):
    member = rooms.join_room(owner, "garden")
    message = Message(room=member.room, number=1, body="Hello")
    with django_assert_num_queries(0):
        triggers.trigger_hooks(member, message)
    hook, _ = make_outgoing()
    assert Room.objects.get().is_hooked
    hooks.change_hook(owner, "garden", hook.id, hooks.HookFields(enabled=False))
    assert not Room.objects.get().is_hooked
    hooks.change_hook(owner, "garden", hook.id, hooks.HookFields(enabled=True))
    hooks.delete_hook(owner, "garden", hook.id)
    assert not Room.objects.get().is_hooked


def test_the_answer_is_posted_once_and_triggers_no_hook(make_outgoing, receiver, say):
    make_outgoing(name="One")
    make_outgoing(name="Two")
    receiver.answers = [(200, b'{"text": "*pong*", "username": "Ping"}'), (200, b"<html>")]
    say("ping")
    assert bodies() == ["ping", "**pong**"] and len(receiver.requests) == 2
    # A worker died after it had posted the answer.
    HookDelivery.objects.update(state="waiting")
    receiver.answers = [(200, b'{"text": "another answer"}')]
    hooks.deliver(Hook.objects.first().id)
    assert bodies() == ["ping", "**pong**"] and len(receiver.requests) == 3


def test_an_answer_may_be_a_reply(make_outgoing, receiver, say):
    make_outgoing()
    receiver.answers = [(200, b'{"text": "yes", "response_type": "comment"}')]
    say("ping")
    assert Message.objects.get(number=2).reply_to == 1


def test_an_answer_goes_into_the_thread_in_which_its_message_was_written(make_outgoing, receiver, say, bob):
    make_outgoing("words", ["ping"])
    say("A question")
    receiver.answers = [(200, b'{"text": "pong"}')]
    rooms.post_message(rooms.join_room(bob, "garden"), Post("r1", "ping", thread=1))
    wire.work()
    assert list(Message.objects.order_by("number").values_list("body", "thread_root"))[1:] == [("ping", 1), ("pong", 1)]


def test_a_command_in_a_thread_is_answered_there(make_outgoing, receiver, say, alice, bob):
    hook, _ = make_outgoing("command", ["/deploy"])
    say("A question")
    receiver.answers = [(200, b'{"text": "Deployed."}')]
    member = rooms.join_room(bob, "garden")
    event = Command("c1", "deploy", "main", thread=1)
    assert commands.run_command(member, event).is_new and not commands.run_command(member, event).is_new
    assert_refused("not_found", commands.run_command, member, Command("c2", "deploy", "main", thread=9))
    wire.work()
    assert [content["thread"] for content in receiver.bodies] == [1]
    answer = Message.objects.get(number=2)
    assert (answer.body, answer.author.handle, answer.thread_root) == ("Deployed.", "Robot", 1)
    hooks.send_again(alice, "garden", hook.id, HookDelivery.objects.get().id)
    wire.work()
    assert [content["thread"] for content in receiver.bodies] == [1, 1]


def test_a_failed_delivery_is_sent_again_before_the_later_ones(make_outgoing, receiver, say):
    hook, _ = make_outgoing()
    receiver.answers = [(500, b""), (429, b"")]
    say("one", "two")
    assert receiver.texts == ["one"] and states() == [("waiting", 1, 500), ("waiting", 0, None)]
    [job] = [job for job in take_delayed_jobs() if job["channel"] == broadcast.TASKS_CHANNEL]
    assert job["content"] == {"hook": hook.id} and job["delay"] == 10_000
    # A job that comes too early does nothing.
    assert hooks.deliver(hook.id) == 0 and len(receiver.requests) == 1
    Hook.objects.update(due_at=timezone.now())
    hooks.deliver(hook.id)
    assert states()[0] == ("waiting", 2, 429)
    Hook.objects.update(due_at=timezone.now())
    assert hooks.deliver(hook.id) == 2
    assert receiver.texts == ["one", "one", "one", "two"]
    assert states() == [("sent", 3, 200), ("sent", 1, 200)] and Hook.objects.get().failing_since is None


def test_after_five_tries_a_delivery_is_given_up(make_outgoing, receiver, say):
    hook, _ = make_outgoing()
    receiver.answers = [(503, b"")] * deliveries.MAX_TRIES
    say("one")
    for _ in range(deliveries.MAX_TRIES - 1):
        Hook.objects.update(due_at=timezone.now())
        hooks.deliver(hook.id)
    assert states() == [("failed", 5, 503)] and len(receiver.requests) == 5
    assert sum(deliveries.PAUSES, timedelta()) > timedelta(hours=2)
    say("two")
    assert receiver.texts[-1] == "two"


@pytest.mark.parametrize("status", [301, 400, 404, 410])
def test_a_refused_delivery_is_not_sent_again(make_outgoing, receiver, say, status):
    make_outgoing()
    receiver.answers = [(status, b"")]
    say("one", "two")
    assert receiver.texts == ["one", "two"] and states() == [("failed", 1, status), ("sent", 1, 200)]


def test_an_address_that_is_not_public_is_refused(make_outgoing, receiver, say, settings, owner):
    make_outgoing()
    settings.OUTGOING_NETWORKS = []
    say("one")
    delivery = HookDelivery.objects.get()
    assert not receiver.requests and delivery.state == "failed" and "not public" in delivery.error
    for url in ("ftp://a.example", "javascript:1", "x", "https://a:b@c.example/"):
        assert_refused(
            "invalid_field",
            hooks.make_hook,
            owner,
            "garden",
            "outgoing",
            hooks.HookFields(name="x", url=url, trigger="every"),
        )


def test_a_hook_that_fails_for_a_day_is_disabled_and_its_owners_know(make_outgoing, receiver, say, owner, settings):
    settings.EMAIL_URL, settings.PUBLIC_URL = object(), "https://chat.example"
    hook, _ = make_outgoing()
    EmailAddress.objects.create(person=owner, address="alice@a.example")
    receiver.answers = [(500, b"")] * 3
    say("one", "two")
    later = timezone.now() - deliveries.DISABLED_AFTER - timedelta(minutes=1)
    Hook.objects.update(due_at=timezone.now(), failing_since=later)
    hooks.deliver(hook.id)
    hook.refresh_from_db()
    assert not hook.is_enabled and not Room.objects.get().is_hooked
    assert [state for state, _, _ in states()] == ["failed", "failed"]
    [whisper] = Announcement.objects.filter(person=owner)
    assert "Robot" in whisper.text and "The garden" in whisper.text
    mail = Mail.objects.get()
    letter = write_hook_disabled(mail, json.loads(mail.params))
    assert letter.to == "alice@a.example" and "https://chat.example/rooms/garden/" in letter.text
    say("three")
    assert receiver.texts == ["one", "one"]
    hooks.change_hook(owner, "garden", hook.id, hooks.HookFields(enabled=True))
    say("four")
    assert receiver.texts[-1] == "four"


def test_a_removed_message_is_not_sent(make_outgoing, receiver, bob, say):
    hook, _ = make_outgoing()
    member = rooms.join_room(bob, "garden")
    rooms.post_message(member, Post("r1", "secret"))
    rooms.remove_message(member, Remove("r2", 1))
    wire.work()
    assert not receiver.requests and HookDelivery.objects.get().error == "The message was removed."


def test_a_lost_job_is_started_again_by_the_sweep(make_outgoing, receiver, say, bob):
    make_outgoing()
    rooms.post_message(rooms.join_room(bob, "garden"), Post("r1", "one"))
    wire.layer().flush()
    assert hooks.sweep_deliveries() == 0
    past = timezone.now() - timedelta(seconds=30)
    HookDelivery.objects.update(created_at=past)
    Hook.objects.update(due_at=past)
    assert hooks.sweep_deliveries() == 1
    wire.work()
    assert receiver.texts == ["one"] and hooks.sweep_deliveries() == 0


def test_a_delivery_that_was_stored_during_a_run_is_sent(make_outgoing, receiver, bob, monkeypatch, say):
    hook, _ = make_outgoing()
    release = deliveries._release

    def store_and_release(*arguments):
        monkeypatch.setattr(deliveries, "_release", release)
        rooms.post_message(rooms.join_room(bob, "garden"), Post("late", "two"))
        wire.work()  # the job of the second message finds the hook claimed
        release(*arguments)

    monkeypatch.setattr(deliveries, "_release", store_and_release)
    say("one")
    assert receiver.texts == ["one", "two"]


def test_two_workers_do_not_send_at_the_same_time(make_outgoing, receiver, say, monkeypatch):
    hook, _ = make_outgoing()
    request = deliveries.request
    others = []

    def request_twice(*arguments):
        others.append(hooks.deliver(hook.id))
        return request(*arguments)

    monkeypatch.setattr(deliveries, "request", request_twice)
    say("one", "two")
    assert receiver.texts == ["one", "two"] and others == [0, 0]


def test_the_number_of_waiting_deliveries_is_limited(make_outgoing, receiver, say, monkeypatch):
    hook, _ = make_outgoing()
    monkeypatch.setattr(triggers, "MAX_WAITING", 2)
    monkeypatch.setattr(deliveries, "MAX_KEPT", 2)
    Hook.objects.update(due_at=timezone.now() + timedelta(hours=1))
    say("one", "two", "three")
    assert [state for state, _, _ in states()] == ["waiting", "waiting", "failed"]
    Hook.objects.update(due_at=timezone.now())
    hooks.deliver(hook.id)
    assert receiver.texts == ["one", "two"] and HookDelivery.objects.count() == 2
    HookDelivery.objects.update(created_at=timezone.now() - deliveries.KEEP)
    assert hooks.sweep_deliveries() == 2 and not HookDelivery.objects.exists()


def test_an_owner_tests_a_hook_and_sends_again(make_outgoing, receiver, say, owner, bob):
    hook, _ = make_outgoing()
    say("one")
    hooks.send_test(owner, "garden", hook.id)
    hooks.send_again(owner, "garden", hook.id, HookDelivery.objects.first().id)
    wire.work()
    assert [body["type"] for body in receiver.bodies] == ["message", "test", "message"]
    assert receiver.texts[0] == receiver.texts[2] == "one"
    assert_refused("not_found", hooks.send_again, owner, "garden", hook.id, 0)
    assert_refused("forbidden", hooks.send_test, bob, "garden", hook.id)
    hooks.change_hook(owner, "garden", hook.id, hooks.HookFields(enabled=False))
    assert_refused("forbidden", hooks.send_test, owner, "garden", hook.id)


def test_a_secret_of_another_secret_key_is_reported(make_outgoing, receiver, say, settings):
    make_outgoing()
    settings.SECRET_KEY = "y" * 50
    say("one")
    assert not receiver.requests and "signing secret" in HookDelivery.objects.get().error


def test_a_server_that_cannot_be_reached_is_tried_again(make_outgoing, receiver, say, monkeypatch):
    make_outgoing()

    def send(*arguments):
        raise outgoing.OutgoingError("The request failed: ConnectTimeout.")

    monkeypatch.setattr(outgoing, "send", send)
    say("one")
    assert states() == [("waiting", 1, None)]


def test_a_command_is_sent_once_for_each_ref(make_outgoing, receiver, owner, bob, set_role):
    make_outgoing("command", ["/Deploy"])
    browser = wire.browser_of(bob)
    path = "/api/rooms/garden/commands/"
    rooms.join_room(bob, "garden")
    assert "deploy" in [command["name"] for command in browser.get(path).json()["commands"]]
    receiver.answers = [(200, b'{"text": "Deploying main"}')]
    for _ in range(2):
        body = {"ref": "r1", "name": "deploy", "text": "main"}
        answer = browser.post(path, body, content_type="application/json")
        assert answer.status_code == 200
        assert answer.json()["notice"] == "The site sends the command to the webhook Robot."
    wire.work()
    [content] = receiver.bodies
    assert {"type": "command", "command": "/deploy", "text": "main", "user_name": "Bob"}.items() <= content.items()
    assert bodies() == ["Deploying main"] and not Room.objects.get().is_hooked
    set_role(bob, "muted")
    refused = browser.post(path, {"ref": "r2", "name": "deploy"}, content_type="application/json")
    assert refused.status_code == 403 and len(receiver.requests) == 1
