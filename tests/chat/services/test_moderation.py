"""Who may moderate whom, mutes that end by themselves, reports, and the log of it all."""

import json
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import broadcast
from chat.models import AuditEntry, Change, Member, Message, Person, Report, Room, make_handle_key
from chat.protocol import ChatError, Edit, Post, Remove
from chat.services import audit, moderation, people, rooms
from tests import wire
from tests.helpers import statements

pytestmark = pytest.mark.django_db

ACTORS = ["shell", "operator", "owner", "moderator", "member", "guest", "muted", "banned", None]
TARGETS = ["owner", "moderator", "member", "guest", "muted", "banned", None]
BELOW_MODERATORS = {"member", "guest", "muted", "banned", None}


def person_of(handle, **fields):
    return Person.objects.create(handle=handle, handle_key=make_handle_key(handle), **fields)


def stand(room, person, role):
    if role is not None:
        Member.objects.update_or_create(room=room, person=person, defaults={"role": role})
    return person


def role_of(room, person):
    return Member.objects.filter(room=room, person=person).values_list("role", flat=True).first()


def make_actor(room, name):
    if name == "shell":
        return None
    person = person_of("Actor", is_staff=name == "operator", is_guest=name == "guest")
    return stand(room, person, None if name == "operator" else name)


def post(room, person, ref="r1", body="Hello"):
    return rooms.post_message(rooms.join_room(person, room.slug), Post(ref, body)).ack["id"]


def check_refused(code, function, *arguments, **kwargs):
    with pytest.raises(ChatError) as caught:
        function(*arguments, **kwargs)
    assert caught.value.code == code
    return caught.value


def pass_by(member, **time):
    """The time of a mute goes by."""
    Member.objects.filter(id=member.id).update(muted_until=timezone.now() - timedelta(**time))


@pytest.fixture
def zoe(db):
    """A second owner, for those who step down."""
    return person_of("Zoe")


# Who may do what to whom.


def may(actor, target, role):
    if actor in ("shell", "operator", "owner"):
        return True
    return actor == "moderator" and target in BELOW_MODERATORS and role in ("member", "muted", "banned")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("actor", ACTORS)
def test_only_those_who_may_give_a_role(room, actor, target):
    by = make_actor(room, actor)
    whom = stand(room, person_of("Target", is_guest=target == "guest"), target)
    for role in ("member", "muted", "banned", "moderator", "owner"):
        with transaction.atomic():
            if may(actor, target, role):
                moderation.change_role(by, room, whom, role)
                expected = rooms.default_role(whom) if role == "member" else role
                assert role_of(room, whom) == expected, (actor, target, role)
            else:
                check_refused("forbidden", moderation.change_role, by, room, whom, role)
                assert role_of(room, whom) == target and not AuditEntry.objects.exists(), (actor, target, role)
            transaction.set_rollback(True)


@pytest.mark.parametrize("actor", ["operator", "owner", "moderator", "member", "muted"])
@pytest.mark.parametrize("role", ["member", "muted", "banned", "moderator", "owner"])
def test_nobody_moderates_themselves(room, alice, actor, role):
    by = make_actor(room, actor)
    if actor == "owner" and role in ("member", "moderator"):
        return
    before = role_of(room, by)
    check_refused("forbidden", moderation.change_role, by, room, by, role)
    assert role_of(room, by) == before


@pytest.mark.parametrize("role", ["member", "moderator"])
def test_an_owner_steps_down_only_where_there_is_another(room, alice, zoe, role):
    refusal = check_refused("forbidden", moderation.change_role, alice, room, alice, role)
    assert "another person an owner" in refusal.detail
    moderation.change_role(alice, room, zoe, "owner")
    moderation.change_role(alice, room, alice, role)
    assert (role_of(room, alice), role_of(room, zoe)) == (role, "owner")
    check_refused("forbidden", moderation.change_role, zoe, room, zoe, role)


@pytest.mark.parametrize("actor", ["shell", "operator"])
def test_a_room_loses_its_last_owner_by_no_accident(room, alice, actor):
    by = make_actor(room, actor)
    for role in ("muted", "member", "moderator"):
        check_refused("forbidden", moderation.change_role, by, room, alice, role)
    check_refused("forbidden", moderation.remove_member, by, rooms.join_room(alice, "garden"))
    moderation.change_role(by, room, alice, "banned")
    assert role_of(room, alice) == "banned"


def test_an_owner_who_is_gone_is_no_other_owner(room, alice, zoe):
    moderation.change_role(alice, room, zoe, "owner")
    Person.objects.filter(id=zoe.id).update(is_active=False)
    check_refused("forbidden", moderation.change_role, alice, room, alice, "member")


def test_a_right_that_is_gone_is_gone_at_once(room, alice, bob, zoe):
    moderation.change_role(alice, room, bob, "moderator")
    moderation.change_role(bob, room, zoe, "muted")
    moderation.change_role(alice, room, bob, "member")
    check_refused("forbidden", moderation.change_role, bob, room, zoe, "banned")


def test_a_right_in_one_room_is_none_in_another(room, alice, bob, charlie):
    attic = rooms.create_room(bob, "attic", "Attic")
    check_refused("forbidden", moderation.change_role, alice, attic, charlie, "banned")


@pytest.mark.parametrize("is_guest, role", [(True, "guest"), (False, "member")])
@pytest.mark.parametrize("before", ["muted", "banned"])
@pytest.mark.parametrize("word", ["guest", "member"])
def test_what_is_lifted_leaves_a_guest_a_guest(room, alice, is_guest, role, before, word):
    whom = stand(room, person_of("Target", is_guest=is_guest), before)
    moderation.change_role(alice, room, whom, word)
    assert role_of(room, whom) == role


def test_somebody_is_found_by_handle_in_any_case_and_nobody_is_not_found(room, alice, bob):
    assert moderation.change_role(alice, room, "BOB", "muted").handle == "Bob"
    for handle in ("Nobody", "", "x" * 33, "a\0b", None, 7):
        check_refused("not_found", moderation.change_role, alice, room, handle, "muted")


def test_a_guest_who_is_gone_is_nobody(room, alice, charlie):
    stand(room, charlie, "guest")
    Person.objects.filter(id=charlie.id).update(handle_key=None)
    check_refused("not_found", moderation.change_role, alice, room, "Charlie", "muted")
    assert [member.handle for member in moderation.find_members(room)[0]] == ["Alice"]


@pytest.mark.parametrize(
    "role, fields, code",
    [
        ("king", {}, "invalid_field"),
        (7, {}, "invalid_field"),
        ("banned", {"seconds": 5}, "invalid_field"),
        ("muted", {"seconds": 0}, "invalid_field"),
        ("muted", {"seconds": "9"}, "invalid_field"),
        ("muted", {"seconds": True}, "invalid_field"),
        ("muted", {"seconds": 10**9}, "invalid_field"),
        ("muted", {"reason": "x" * 501}, "too_long"),
        ("muted", {"reason": 7}, "invalid_field"),
        ("member", {"was": "king"}, "invalid_field"),
    ],
)
def test_a_role_that_makes_no_sense_is_refused(room, alice, bob, role, fields, code):
    check_refused(code, moderation.change_role, alice, room, bob, role, **fields)
    assert role_of(room, bob) is None


def test_what_is_lifted_must_be_there_still(room, alice, bob):
    stand(room, bob, "banned")
    check_refused("not_found", moderation.change_role, alice, room, bob, "member", was="muted")
    assert role_of(room, bob) == "banned"
    moderation.change_role(alice, room, bob, "member", was="banned")
    moderation.change_role(alice, room, bob, "moderator", was="guest")
    check_refused("not_found", moderation.change_role, alice, room, "Bob", "member", was="member")


def test_what_is_so_already_is_noted_and_told_once(room, alice, bob):
    for _ in range(2):
        moderation.change_role(alice, room, bob, "banned")
    assert AuditEntry.objects.count() == 1


# Closed rooms.


@pytest.fixture
def closed(room):
    room.access = Room.PRIVATE
    room.save()
    return room


@pytest.mark.parametrize("role", ["muted", "member", "moderator", "owner"])
def test_a_role_is_no_way_into_a_closed_room(closed, alice, bob, role):
    check_refused("not_found", moderation.change_role, alice, closed, bob, role)
    moderation.change_role(alice, closed, bob, "banned")
    if role != "member":
        check_refused("not_found", moderation.change_role, alice, closed, bob, role)
    with pytest.raises(ChatError, match="banned"):
        rooms.join_room(bob, "garden")


def test_the_end_of_a_ban_lets_nobody_into_a_closed_room_who_was_not_there(closed, alice, bob):
    moderation.change_role(alice, closed, bob, "banned")
    assert moderation.change_role(alice, closed, bob, "member").role is None
    assert role_of(closed, bob) is None
    check_refused("not_found", rooms.join_room, bob, "garden")
    assert [(entry.before, entry.after) for entry in AuditEntry.objects.order_by("id")] == [
        ("", "banned"),
        ("banned", ""),
    ]


def test_who_was_there_before_a_ban_is_there_again_after_it(closed, alice, bob):
    stand(closed, bob, "member")
    moderation.change_role(alice, closed, bob, "banned")
    assert moderation.change_role(alice, closed, bob, "member").role == "member"
    assert rooms.join_room(bob, "garden")


def test_an_operator_lets_in_whom_they_want(closed, bob):
    moderation.change_role(None, closed, bob, "member")
    assert rooms.join_room(bob, "garden").role == "member"


def test_a_closed_room_is_none_for_those_who_are_not_in_it(closed, alice, bob):
    check_refused("not_found", moderation.get_moderated_room, bob, "garden")
    stand(closed, bob, "member")
    check_refused("forbidden", moderation.get_moderated_room, bob, "garden")
    assert moderation.get_moderated_room(alice, "garden") == closed
    Room.objects.update(access=Room.BOARD)
    check_refused("not_found", moderation.get_moderated_room, alice, "garden")
    assert moderation.get_moderated_room(None, "garden") == closed


# What open tabs hear.


@pytest.mark.django_db(transaction=True)
def test_everybody_in_the_room_hears_who_stands_otherwise(alice, bob, enter, room):
    owner, tab = enter(alice), enter(bob)
    moderation.change_role(alice, room, bob, "moderator")
    until = moderation.change_role(alice, room, bob, "muted", 600).muted_until
    told = [
        {"type": "member", "handle": "Bob", "role": "moderator"},
        {"type": "member", "handle": "Bob", "role": "muted", "until": f"{until.isoformat()[:23]}Z"},
    ]
    assert owner.seen("member") == tab.seen("member") == told
    again = enter(bob)
    assert again.seen("joined")[0]["you"] == {"handle": "Bob", "role": "muted", "read": 0, "until": told[1]["until"]}


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_is_told_to_nobody(alice, bob, enter, room):
    tab = enter(bob)
    with transaction.atomic():
        moderation.change_role(alice, room, bob, "banned")
        transaction.set_rollback(True)
    assert tab.seen("member") == [] and tab.code is None and not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broken", ["publish", "close_group", "start_job_later"])
def test_what_is_stored_is_stored_also_where_nobody_can_be_told(alice, bob, enter, room, monkeypatch, caplog, broken):
    def fail(*arguments):
        raise ZeroDivisionError("on purpose")

    tab = enter(bob)
    monkeypatch.setattr(broadcast, broken, fail)
    moderation.change_role(alice, room, bob, "muted", 60)
    moderation.change_role(alice, room, bob, "banned")
    assert role_of(room, bob) == "banned" and "A change is stored, but the server could not" in caplog.text
    tab.say("typing", on=True)
    assert tab.code == 4403


# A ban, on every way in.


@pytest.mark.django_db(transaction=True)
def test_a_ban_closes_all_tabs_and_bots_of_that_room_at_once(alice, bob, enter, room):
    _, key = people.make_token(bob, "bot")
    bot = wire.Socket("/chat/garden/", origin=None, headers={"authorization": f"Bearer {key}"}).connect()
    tabs, owner = [enter(bob), enter(bob)], enter(alice)
    moderation.change_role(alice, room, "Bob", "banned")
    for socket in (*tabs, bot, owner):
        socket.read()
    assert [socket.code for socket in (*tabs, bot, owner)] == [4403, 4403, 4403, None]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("access", [Room.PUBLIC, Room.PRIVATE])
def test_a_ban_holds_on_every_way_in(alice, bob, room, access):
    post(room, alice)
    stand(room, bob, "member")
    Room.objects.update(access=access)
    _, key = people.make_token(bob, "bot")
    browser = wire.browser_of(bob)
    moderation.change_role(alice, room, bob, "banned")
    assert wire.Socket("/chat/garden/", browser).connect().code == 4403
    bearer = {"authorization": f"Bearer {key}"}
    assert wire.Socket("/chat/garden/", origin=None, headers=bearer).connect().code == 4403
    assert browser.get("/rooms/garden/").status_code == 403
    for headers in ({}, {"HTTP_AUTHORIZATION": f"Bearer {key}"}):
        for method, path, body in [
            ("GET", "messages/", ""),
            ("POST", "messages/", {"ref": "x1", "body": "Hi"}),
            ("POST", "messages/1/reports/", {"reason": "Bad"}),
            ("GET", "members/", ""),
            ("GET", "reports/", ""),
            ("GET", "audit/", ""),
            ("PUT", "members/Bob/", {"role": "member"}),
        ]:
            content = {"data": json.dumps(body), "content_type": "application/json"} if body else {}
            answer = getattr(browser, method.lower())(f"/api/rooms/garden/{path}", **content, **headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
    listed = [found.slug for found in rooms.find_rooms(bob)[0]]
    assert listed == (["garden"] if access == Room.PUBLIC else [])
    assert Message.objects.count() == 1 and not Report.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "frame",
    [
        {"type": "post", "body": "Hi"},
        {"type": "edit", "id": 1, "body": "Hi"},
        {"type": "remove", "id": 1},
        {"type": "react", "id": 1, "emoji": "👍", "on": True},
        {"type": "typing", "on": True},
        {"type": "sync", "cursor": 0},
        {"type": "fetch", "limit": 5},
        {"type": "read", "offset": 1},
    ],
)
def test_no_frame_of_the_banned_is_heard_even_where_the_closing_was_lost(alice, bob, enter, room, frame):
    tab, owner = enter(bob), enter(alice)
    tab.post("r1", "mine")
    moderation.change_role(alice, room, bob, "banned")
    owner.read()
    # What the closing said is lost; the connection goes on as if nothing had been.
    while wire.layer().receive([tab.channel])[0]:
        pass
    said = tab.say(**frame, ref="x1")
    assert said == [] and tab.code == 4403
    assert owner.read() == [] and Message.objects.get().body == "mine" and not Change.objects.filter(ref="x1").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["ban", "take away"])
def test_a_socket_that_comes_in_at_the_very_moment_of_a_ban_is_closed(alice, bob, enter, room, monkeypatch, act):
    subscribe = broadcast.subscribe

    def ban_first(channel, groups):
        member = Member.objects.get(person=bob)
        if act == "ban":
            moderation.change_role(alice, room, bob, "banned")
        else:
            moderation.remove_member(None, member)
        subscribe(channel, groups)

    monkeypatch.setattr(broadcast, "subscribe", ban_first)
    assert enter(bob).code == 4403


def test_who_is_banned_while_they_come_in_for_the_first_time_is_refused(room, bob, monkeypatch):
    def ban_first(person):
        Member.objects.create(room=room, person=person, role="banned")
        return "member"

    monkeypatch.setattr(rooms.access, "default_role", ban_first)
    check_refused("forbidden", rooms.join_room, bob, "garden")


def test_who_comes_in_by_themselves_while_they_are_banned_is_banned(room, alice, bob, monkeypatch):
    note = audit.record

    def come_in_first(*arguments, **details):
        stand(room, bob, "member")
        note(*arguments, **details)

    monkeypatch.setattr(audit, "record", come_in_first)
    moderation.change_role(alice, room, bob, "banned")
    assert role_of(room, bob) == "banned"


def test_one_may_ban_somebody_who_was_never_there(room, alice, bob):
    moderation.change_role(alice, room, "Bob", "banned", reason="Known from elsewhere")
    check_refused("forbidden", rooms.join_room, bob, "garden")


# Mutes.


def delayed_jobs():
    """Takes what waits for the delay server: [{channel, content, delay}]."""
    found = []
    while True:
        channel, content = wire.layer().receive([broadcast.DELAY_CHANNEL])
        if channel is None:
            return found
        found.append(content)


def deliver(job):
    """Does what the delay server does when the time has come, and runs the worker."""
    wire.layer().send(job["channel"], json.loads(json.dumps(job["content"])))
    wire.work()


@pytest.mark.django_db(transaction=True)
def test_a_mute_ends_by_its_delayed_job_and_everybody_hears_it(alice, bob, enter, room):
    owner, tab = enter(alice), enter(bob)
    member = moderation.change_role(alice, room, bob, "muted", 600)
    [job] = delayed_jobs()
    assert job["channel"] == "chat.unmute" and 595_000 <= job["delay"] <= 600_000
    assert tab.post("r1")["code"] == "muted"
    pass_by(member, seconds=1)
    deliver(job)
    assert role_of(room, bob) == "member"
    assert owner.seen("member")[-1] == tab.seen("member")[-1] == {"type": "member", "handle": "Bob", "role": "member"}
    assert tab.post("r1")["type"] == "ack"


@pytest.mark.django_db(transaction=True)
def test_a_job_that_comes_early_late_twice_or_in_vain_changes_nothing(alice, bob, enter, room):
    owner = enter(alice)
    member = moderation.change_role(alice, room, bob, "muted", 60)
    [job] = delayed_jobs()
    deliver(job)
    assert role_of(room, bob) == "muted"  # early
    moderation.change_role(alice, room, bob, "muted", 600)
    deliver(job)
    assert role_of(room, bob) == "muted"  # renewed for longer
    pass_by(member, seconds=1)
    deliver(job)
    deliver(job)
    assert [event["role"] for event in owner.seen("member")] == ["muted", "muted", "member"]  # twice
    moderation.change_role(alice, room, bob, "banned")
    deliver(job)
    assert role_of(room, bob) == "banned"
    moderation.change_role(alice, room, bob, "muted")
    deliver(job)
    assert role_of(room, bob) == "muted"  # now one without an end
    Member.objects.filter(person=bob).delete()
    deliver(job)


@pytest.mark.parametrize("content", [{}, {"member": "x"}, {"member": None}, {"member": [1]}])
def test_a_malformed_job_is_logged_and_does_no_harm(room, caplog, content):
    deliver({"channel": "chat.unmute", "content": content})
    assert "names no member" in caplog.text


def test_a_job_while_the_database_is_away_is_left_to_the_sweep(room, monkeypatch, caplog):
    def fail(**which):
        raise OperationalError("on purpose")

    monkeypatch.setattr(rooms, "end_mutes", fail)
    deliver({"channel": "chat.unmute", "content": {"member": 1}})
    assert "cannot be done for now" in caplog.text and "Traceback" not in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "say",
    [
        {"type": "post", "body": "Hi"},
        {"type": "react", "id": 1, "emoji": "👍", "on": True},
        {"type": "edit", "id": 1, "body": "Hi"},
        {"type": "remove", "id": 1},
    ],
)
def test_a_mute_that_is_over_stops_nobody_even_if_job_and_sweep_failed(alice, bob, enter, room, say):
    owner, tab = enter(alice), enter(bob)
    tab.post("r1", "before")
    member = moderation.change_role(alice, room, bob, "muted", 600)
    assert tab.ask(**say, ref="x1")["code"] == "muted"
    pass_by(member, seconds=1)
    assert tab.ask(**say, ref="x1")["type"] == "ack"
    assert role_of(room, bob) == "member"
    assert owner.seen("member")[-1]["role"] == "member"


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_back_after_a_mute_is_not_muted_any_more(alice, charlie, enter, room):
    enter(charlie)
    member = moderation.change_role(alice, room, charlie, "muted", 600)
    pass_by(member, seconds=1)
    assert enter(charlie).seen("joined")[0]["you"] == {"handle": "Charlie", "role": "guest", "read": 0}


@pytest.mark.django_db(transaction=True)
def test_typing_of_the_muted_is_told_again_when_the_mute_is_over(alice, bob, enter, room):
    owner, tab = enter(alice), enter(bob)
    member = moderation.change_role(alice, room, bob, "muted", 600)
    tab.say("typing", on=True)
    assert owner.seen("typing") == []
    pass_by(member, seconds=1)
    tab.say("typing", on=True)
    assert owner.seen("typing")[-1]["handle"] == "Bob"


@pytest.mark.django_db(transaction=True)
def test_the_muted_are_told_until_when(alice, bob, enter, room):
    tab = enter(bob)
    member = moderation.change_role(alice, room, bob, "muted", 600)
    assert member.muted_until.isoformat()[:19] in tab.post("r1")["detail"]
    moderation.change_role(alice, room, bob, "muted")
    assert "until" not in tab.post("r1")["detail"]


@pytest.mark.django_db(transaction=True)
def test_a_sweep_ends_what_is_over_and_nothing_else(alice, bob, charlie, enter, room):
    owner = enter(alice)
    over = [moderation.change_role(alice, room, whom, "muted", 60) for whom in (bob, charlie)]
    for member in over:
        pass_by(member, hours=1)
    lasting = {"Later": 3600, "Always": None}
    for handle, seconds in lasting.items():
        moderation.change_role(alice, room, person_of(handle), "muted", seconds)
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
def test_a_sweep_touches_nobody_who_has_another_role_by_now(room, bob, role):
    stand(room, bob, role)
    Member.objects.filter(person=bob).update(muted_until=timezone.now() - timedelta(seconds=1))
    assert moderation.sweep_mutes() == 0 and role_of(room, bob) == role


@pytest.mark.django_db(transaction=True)
def test_a_mute_costs_those_who_may_speak_nothing(alice, bob, enter, room):
    tab = enter(alice)
    with CaptureQueriesContext(connection) as queries:
        tab.post("r1")
        tab.say("typing", on=True)
    assert len(statements(queries)) == 5


# Removals, edits, and the log.


def entries():
    """The audit log, oldest first: (who, what, to whom, which message, before, after)."""
    return [
        (entry.actor and entry.actor.handle, entry.act, entry.person.handle, entry.message, entry.before, entry.after)
        for entry in AuditEntry.objects.order_by("id")
    ]


def test_what_a_moderator_does_to_others_words_is_noted_and_ones_own_is_not(room, alice, bob):
    post(room, bob)
    post(room, alice, "r2")
    member = rooms.join_room(alice, "garden")
    rooms.edit_message(member, Edit("r3", 1, "Hi"))
    rooms.remove_message(member, Remove("r4", 1))
    rooms.remove_message(member, Remove("r4", 1))  # the same ref again
    rooms.edit_message(member, Edit("r5", 2, "Hi"))
    rooms.remove_message(member, Remove("r6", 2))
    assert entries() == [("Alice", "edit", "Bob", 1, "", ""), ("Alice", "remove", "Bob", 1, "", "")]
    assert Message.objects.get(number=1).body == "" and Message.objects.count() == 2


def test_a_removal_that_cannot_be_noted_is_not_done(room, alice, bob, monkeypatch):
    post(room, bob)

    def fail(*arguments, **details):
        raise ZeroDivisionError

    monkeypatch.setattr("chat.services.audit.record", fail)
    with pytest.raises(ZeroDivisionError):
        rooms.remove_message(rooms.join_room(alice, "garden"), Remove("r4", 1))
    assert Message.objects.get().body == "Hello" and not Message.objects.get().is_removed


def test_a_role_that_cannot_be_noted_is_not_given(room, alice, bob, monkeypatch):
    monkeypatch.setattr("chat.services.audit.record", lambda *arguments, **details: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        moderation.change_role(alice, room, bob, "banned")
    assert role_of(room, bob) is None


def test_the_log_says_who_did_what_to_whom_for_how_long_and_why(room, alice, bob):
    moderation.change_role(alice, room, bob, "muted", 600, "Shouting")
    moderation.change_role(None, room, bob, "member")
    [second, first], more = moderation.find_audit_entries(room)
    assert (first.actor, first.person, first.before, first.after) == (alice, bob, "", "muted")
    assert (first.seconds, first.reason, more) == (600, "Shouting", False)
    assert (second.actor, second.before, second.after, second.seconds) == (None, "muted", "member", None)
    assert moderation.find_audit_entries(room, page=0, size=1) == ([second], True)
    assert moderation.find_audit_entries(room, page=1, size=1) == ([first], False)


def test_a_standing_that_an_operator_takes_away_is_noted(room, alice, bob, zoe):
    member = moderation.change_role(alice, room, bob, "moderator")
    member.room = room
    check_refused("forbidden", moderation.remove_member, alice, rooms.join_room(alice, "garden"))
    Person.objects.filter(id=zoe.id).update(is_staff=True)
    zoe.refresh_from_db()
    moderation.remove_member(zoe, member)
    assert role_of(room, bob) is None and entries()[-1] == ("Zoe", "role", "Bob", None, "moderator", "")


# Reports.


def test_anybody_who_may_read_reports_once_with_a_reason(room, alice, bob, charlie):
    post(room, alice)
    stand(room, bob, "muted")
    for person in (bob, charlie):
        report, is_new = moderation.report_message(person, room, 1, " Rude ")
        assert (report.reason, report.body, report.reporter, report.is_open) == ("Rude", "Hello", person, True)
        assert is_new
        again, is_new = moderation.report_message(person, room, 1, "Something else")
        assert (is_new, again.id, again.reason) == (False, report.id, "Rude")
    assert Report.objects.count() == 2


def test_what_cannot_be_reported_is_refused(room, alice, bob):
    post(room, alice)
    post(room, alice, "r2")
    rooms.remove_message(rooms.join_room(alice, "garden"), Remove("r3", 2))
    check_refused("forbidden", moderation.report_message, alice, room, 1, "Rude")
    for number in (2, 9):
        check_refused("not_found", moderation.report_message, bob, room, number, "Rude")
    for reason, code in [("", "empty"), (" ", "empty"), ("x" * 501, "too_long"), (None, "invalid_field")]:
        check_refused(code, moderation.report_message, bob, room, 1, reason)
    assert not Report.objects.exists()
    moderation.report_message(bob, room, 1, "x" * 500)


def test_a_report_keeps_what_was_said_when_it_was_made(room, alice, bob):
    post(room, bob)
    report, _ = moderation.report_message(alice, room, 1, "Rude")
    rooms.edit_message(rooms.join_room(bob, "garden"), Edit("r2", 1, "Nice"))
    rooms.remove_message(rooms.join_room(bob, "garden"), Remove("r3", 1))
    report.refresh_from_db()
    assert report.body == "Hello" and report.is_open
    # Whoever says it again gets the same, though the message is gone.
    assert moderation.report_message(alice, room, 1, "Rude") == (report, False)


@pytest.fixture
def reported(room, alice, bob, charlie):
    """Two reports of Bob's message, to be decided by Alice."""
    post(room, bob)
    return [moderation.report_message(person, room, 1, "Rude")[0] for person in (charlie, person_of("Dora"))]


def test_a_report_is_dismissed_and_the_message_stays(room, alice, bob, reported):
    closed = moderation.close_report(alice, room, reported[0].id, "dismiss")
    assert (closed.closed_by, closed.outcome, closed.is_open) == (alice, "dismissed", False)
    assert Message.objects.get().body == "Hello"
    assert moderation.find_reports(alice, room) == ([reported[1]], False)
    assert moderation.find_reports(alice, room, is_open=False) == (reported[::-1], False)
    assert entries() == [("Alice", "report", "Bob", 1, "open", "dismissed")]
    assert AuditEntry.objects.get().reason == "Rude"


@pytest.mark.django_db(transaction=True)
def test_a_removal_closes_all_reports_of_the_message_and_every_tab_sees_it(room, alice, bob, reported, enter):
    tab = enter(bob)
    closed = moderation.close_report(alice, room, reported[0].id, "remove")
    assert (closed.outcome, closed.closed_by) == ("removed", alice)
    assert tab.seen("message")[-1]["removed"] is True
    assert moderation.find_reports(alice, room) == ([], False)
    closings = [("Alice", "report", "Bob", 1, "open", "removed")] * 2
    assert entries() == [("Alice", "remove", "Bob", 1, "", ""), *closings]


def test_a_report_that_was_dismissed_stays_so_when_the_message_is_removed_later(room, alice, reported):
    moderation.close_report(alice, room, reported[0].id, "dismiss")
    moderation.close_report(alice, room, reported[1].id, "remove")
    assert [report.outcome for report in Report.objects.order_by("id")] == ["dismissed", "removed"]


def test_a_moderators_removal_by_hand_closes_the_reports_too(room, alice, reported):
    rooms.remove_message(rooms.join_room(alice, "garden"), Remove("r9", 1))
    assert {report.outcome for report in Report.objects.all()} == {"removed"}


def test_a_report_of_what_its_author_has_removed_can_still_be_closed(room, alice, bob, reported):
    rooms.remove_message(rooms.join_room(bob, "garden"), Remove("r9", 1))
    assert moderation.close_report(alice, room, reported[0].id, "remove").outcome == "removed"
    assert moderation.close_report(alice, room, reported[1].id, "dismiss").outcome == "dismissed"
    assert [entry[1] for entry in entries()] == ["report", "report"]


@pytest.mark.django_db(transaction=True)
def test_moderators_hear_that_reports_came_and_went_and_nobody_else_does(room, alice, bob, charlie, enter):
    owner, second_tab, others = enter(alice), enter(alice), [enter(bob), enter(charlie)]
    others[0].post("r1")
    others[0].post("r2")
    first, second = [moderation.report_message(charlie, room, number, "Rude")[0] for number in (1, 2)]
    moderation.report_message(charlie, room, 1, "Rude")
    assert owner.seen("reported") == second_tab.seen("reported") == [{"type": "reported"}] * 2
    moderation.close_report(alice, room, first.id, "dismiss")
    assert len(owner.seen("reported")) == 3
    owner.ask("remove", ref="r3", id=2)
    assert len(owner.seen("reported")) == 4
    assert [tab.seen("reported") for tab in others] == [[], []]


def test_closing_many_reports_costs_no_more_statements_than_closing_one(room, alice, reported):
    member = rooms.join_room(alice, "garden")
    for number in range(5):
        moderation.report_message(person_of(f"Reader {number}"), room, 1, "Rude")
    with CaptureQueriesContext(connection) as queries:
        rooms.remove_message(member, Remove("r9", 1))
    tables = [f"{verb} {table}" for verb, table in statements(queries)]
    assert tables.count("SELECT chat_report") == tables.count("UPDATE chat_report") == 1
    assert tables.count("INSERT chat_auditentry") == 2


def test_who_comes_second_hears_how_it_was_decided(room, alice, zoe, reported):
    stand(room, zoe, "moderator")
    moderation.close_report(alice, room, reported[0].id, "dismiss")
    late = moderation.close_report(zoe, room, reported[0].id, "remove")
    assert (late.outcome, late.closed_by) == ("dismissed", alice) and len(entries()) == 1
    assert not Message.objects.get().is_removed


def test_what_was_said_about_a_moderators_own_words_is_for_the_others(room, alice, bob, zoe):
    post(room, alice)
    report, _ = moderation.report_message(bob, room, 1, "Rude")
    assert moderation.find_reports(alice, room) == ([], False)
    for action in ("dismiss", "remove"):
        check_refused("not_found", moderation.close_report, alice, room, report.id, action)
    stand(room, zoe, "moderator")
    assert moderation.close_report(zoe, room, report.id, "dismiss").outcome == "dismissed"


def test_a_report_of_another_room_is_not_found(room, alice, zoe, reported):
    attic = rooms.create_room(zoe, "attic", "Attic")
    for report_id in (reported[0].id, 999):
        check_refused("not_found", moderation.close_report, zoe, attic, report_id, "dismiss")
    check_refused("invalid_field", moderation.close_report, alice, room, reported[0].id, "burn")
