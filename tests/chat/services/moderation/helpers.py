"""Helpers for the tests of moderation: people with roles, messages, jobs and the audit log."""

import json
from datetime import timedelta

from django.utils import timezone

from chat.models import AuditEntry, Member, Person, make_handle_key
from chat.protocol import Post
from chat.services import rooms
from tests import wire


def make_person(handle, **fields):
    """Store a person with a handle, without a password."""
    return Person.objects.create(handle=handle, handle_key=make_handle_key(handle), **fields)


def give_role(room, person, role):
    """Store a person's role without any check, and return the person. If the role is None, store nothing."""
    if role is not None:
        Member.objects.update_or_create(room=room, person=person, defaults={"role": role})
    return person


def role_of(room, person):
    """Return the stored role of a person in a room, or None."""
    return Member.objects.filter(room=room, person=person).values_list("role", flat=True).first()


def post(room, person, ref="r1", body="Hello"):
    """Post a message and return its id."""
    return rooms.post_message(rooms.join_room(person, room.slug), Post(ref, body)).ack["id"]


def expire_mute(member, **ago):
    """Move the end of a mute into the past. `ago` are the arguments of the timedelta between that end and now."""
    Member.objects.filter(id=member.id).update(muted_until=timezone.now() - timedelta(**ago))


def run_job(job):
    """Send a job as the delay server does when the job is due, and run the worker."""
    wire.layer().send(job["channel"], json.loads(json.dumps(job["content"])))
    wire.work()


def read_audit_log():
    """Return the audit log, oldest first: (actor, act, person, message, before, after)."""
    return [
        (entry.actor and entry.actor.handle, entry.act, entry.person.handle, entry.message, entry.before, entry.after)
        for entry in AuditEntry.objects.order_by("id")
    ]
