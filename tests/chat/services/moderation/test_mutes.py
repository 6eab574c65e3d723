"""Mutes: they end by a delayed job, by the sweep, or when the person writes."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Member
from chat.services import moderation, rooms
from tests.chat.helpers import take_delayed_jobs
from tests.chat.services.moderation.helpers import (
    expire_mute,
    give_role,
    make_person,
    role_of,
    run_job,
)
from tests.helpers import fail_with, statements

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_delayed_job_ends_a_mute_and_the_end_is_published(alice, bob, enter, room):
    owner, tab = enter(alice), enter(bob)
    member = moderation.change_role(alice, room, bob, "muted", 600)
    [job] = take_delayed_jobs()
    assert job["channel"] == "chat.unmute" and 595_000 <= job["delay"] <= 600_000
    assert tab.post("r1")["code"] == "muted"
    expire_mute(member, seconds=1)
    run_job(job)
    assert role_of(room, bob) == "member"
    assert owner.seen("member")[-1] == tab.seen("member")[-1] == {"type": "member", "handle": "Bob", "role": "member"}
    assert tab.post("r1")["type"] == "ack"


@pytest.mark.django_db(transaction=True)
def test_an_unmute_job_that_is_early_repeated_or_outdated_changes_nothing(alice, bob, enter, room):
    owner = enter(alice)
    member = moderation.change_role(alice, room, bob, "muted", 60)
    [job] = take_delayed_jobs()
    run_job(job)
    assert role_of(room, bob) == "muted"  # the job ran before the end of the mute
    moderation.change_role(alice, room, bob, "muted", 600)
    run_job(job)
    assert role_of(room, bob) == "muted"  # the new mute lasts longer
    expire_mute(member, seconds=1)
    run_job(job)
    run_job(job)
    # The second run published nothing.
    assert [event["role"] for event in owner.seen("member")] == ["muted", "muted", "member"]
    moderation.change_role(alice, room, bob, "banned")
    run_job(job)
    assert role_of(room, bob) == "banned"
    moderation.change_role(alice, room, bob, "muted")
    run_job(job)
    assert role_of(room, bob) == "muted"  # this mute has no end
    Member.objects.filter(person=bob).delete()
    run_job(job)


@pytest.mark.parametrize("content", [{}, {"member": "x"}, {"member": None}, {"member": [1]}])
def test_a_malformed_unmute_job_is_logged(room, caplog, content):
    run_job({"channel": "chat.unmute", "content": content})
    assert "its 'member' is missing" in caplog.text


def test_an_unmute_job_during_a_database_outage_is_left_to_the_sweep(room, monkeypatch, caplog):
    monkeypatch.setattr(rooms, "end_mutes", fail_with(OperationalError("on purpose")))
    run_job({"channel": "chat.unmute", "content": {"member": 1}})
    assert "cannot run during this outage" in caplog.text and "Traceback" not in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "frame",
    [
        {"type": "post", "body": "Hi"},
        {"type": "react", "id": 1, "emoji": "👍", "on": True},
        {"type": "edit", "id": 1, "body": "Hi"},
        {"type": "remove", "id": 1},
    ],
)
def test_an_expired_mute_does_not_apply_even_if_job_and_sweep_failed(alice, bob, enter, room, frame):
    owner, tab = enter(alice), enter(bob)
    tab.post("r1", "before")
    member = moderation.change_role(alice, room, bob, "muted", 600)
    assert tab.ask(**frame, ref="x1")["code"] == "muted"
    expire_mute(member, seconds=1)
    assert tab.ask(**frame, ref="x1")["type"] == "ack"
    assert role_of(room, bob) == "member"
    assert owner.seen("member")[-1]["role"] == "member"


@pytest.mark.django_db(transaction=True)
def test_a_person_who_reconnects_after_a_mute_has_the_old_role(alice, charlie, enter, room):
    enter(charlie)
    member = moderation.change_role(alice, room, charlie, "muted", 600)
    expire_mute(member, seconds=1)
    you = enter(charlie).seen("joined")[0]["you"]
    assert you == {"handle": "Charlie", "role": "guest", "read": 0, "guest": True, "person": you["person"]}


@pytest.mark.django_db(transaction=True)
def test_typing_is_published_again_after_a_mute(alice, bob, enter, room):
    owner, tab = enter(alice), enter(bob)
    member = moderation.change_role(alice, room, bob, "muted", 600)
    tab.say("typing", on=True)
    assert owner.seen("typing") == []
    expire_mute(member, seconds=1)
    tab.say("typing", on=True)
    assert owner.seen("typing")[-1]["handle"] == "Bob"


@pytest.mark.django_db(transaction=True)
def test_the_error_for_a_muted_person_contains_the_end_of_the_mute(alice, bob, enter, room):
    tab = enter(bob)
    member = moderation.change_role(alice, room, bob, "muted", 600)
    assert member.muted_until.isoformat()[:19] in tab.post("r1")["detail"]
    moderation.change_role(alice, room, bob, "muted")
    assert "until" not in tab.post("r1")["detail"]


@pytest.mark.django_db(transaction=True)
def test_the_sweep_ends_expired_mutes_only(alice, bob, charlie, enter, room):
    owner = enter(alice)
    expired = [moderation.change_role(alice, room, person, "muted", 60) for person in (bob, charlie)]
    for member in expired:
        expire_mute(member, hours=1)
    lasting = {"Later": 3600, "Always": None}
    for handle, seconds in lasting.items():
        moderation.change_role(alice, room, make_person(handle), "muted", seconds)
    owner.read()
    with CaptureQueriesContext(connection) as queries:
        assert moderation.sweep_mutes() == 2
    assert len(statements(queries)) == 4
    assert (role_of(room, bob), role_of(room, charlie)) == ("member", "guest")
    assert [(event["handle"], event["role"]) for event in owner.read()] == [("Charlie", "guest"), ("Bob", "member")]
    assert Member.objects.filter(role="muted").count() == 2
    assert not Member.objects.filter(person__in=[bob, charlie], muted_until__isnull=False).exists()
    assert moderation.sweep_mutes() == 0
    moderation.change_role(alice, room, bob, "banned")
    assert moderation.sweep_mutes() == 0 and role_of(room, bob) == "banned"


@pytest.mark.parametrize("role", ["banned", "moderator"])
def test_the_sweep_does_not_change_people_with_another_role(room, bob, role):
    give_role(room, bob, role)
    Member.objects.filter(person=bob).update(muted_until=timezone.now() - timedelta(seconds=1))
    assert moderation.sweep_mutes() == 0 and role_of(room, bob) == role


@pytest.mark.django_db(transaction=True)
def test_frames_of_a_person_who_is_not_muted_run_no_statement_about_mutes(alice, bob, enter, room):
    tab = enter(alice)
    with CaptureQueriesContext(connection) as queries:
        tab.post("r1")
        tab.say("typing", on=True)
    assert len(statements(queries)) == 5
