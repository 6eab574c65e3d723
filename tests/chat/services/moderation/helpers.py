"""Helpers for the tests of moderation: people with roles, messages, refusals, jobs and the audit log."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from chat import broadcast
from chat.models import AuditEntry, Member, Person, make_handle_key
from chat.protocol import ChatError, Post
from chat.services import rooms
from tests import wire


def make_person(handle, **fields):
    return Person.objects.create(handle=handle, handle_key=make_handle_key(handle), **fields)


def give_role(room, person, role):
    if role is not None:
        Member.objects.update_or_create(room=room, person=person, defaults={"role": role})
    return person


def role_of(room, person):
    return Member.objects.filter(room=room, person=person).values_list("role", flat=True).first()


def post(room, person, ref="r1", body="Hello"):
    return rooms.post_message(rooms.join_room(person, room.slug), Post(ref, body)).ack["id"]


def assert_refused(code, function, *arguments, **kwargs):
    with pytest.raises(ChatError) as caught:
        function(*arguments, **kwargs)
    assert caught.value.code == code
    return caught.value


def expire_mute(member, **time):
    """The time of a mute goes by."""
    Member.objects.filter(id=member.id).update(muted_until=timezone.now() - timedelta(**time))


def take_delayed_jobs():
    """Takes what waits for the delay server: [{channel, content, delay}]."""
    found = []
    while True:
        channel, content = wire.layer().receive([broadcast.DELAY_CHANNEL])
        if channel is None:
            return found
        found.append(content)


def run_job(job):
    """Does what the delay server does when the time has come, and runs the worker."""
    wire.layer().send(job["channel"], json.loads(json.dumps(job["content"])))
    wire.work()


def read_audit_log():
    """The audit log, oldest first: (who, what, to whom, which message, before, after)."""
    return [
        (entry.actor and entry.actor.handle, entry.act, entry.person.handle, entry.message, entry.before, entry.after)
        for entry in AuditEntry.objects.order_by("id")
    ]
