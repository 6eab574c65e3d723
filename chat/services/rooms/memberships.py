"""
The effects of roles: a new role is published, a ban closes connections, and a mute ends by itself.

This module does not check who may change a role. Every request to change a role goes to `moderation`, which checks.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Member
from chat.services import feeds, rights
from chat.services.after_commit import close_after_commit, publish_after_commit, start_job_after_commit
from chat.services.free_rows import lock_free_rows
from chat.services.rights import Action, get_default_role

UNMUTE_CHANNEL = "chat.unmute"
MAX_MUTES_PER_SWEEP = 500


def apply_role(member: Member, role: str, until: datetime | None = None) -> None:
    """
    Store a member's role, and publish it to the room and to the person's streams.

    Close a banned member's connections, and schedule the end of a mute.

    `until` is the time at which a mute ends. This function checks no rights and writes no audit entry:
    `moderation.change_role` does both, and then calls this function.
    """
    before = member.role
    Member.objects.filter(id=member.id).update(role=role, muted_until=until)
    member.role, member.muted_until = role, until
    _publish_role(member)
    _update_streams(member, before)
    if role == Member.BANNED:
        close_connections(member)
    if until is not None:
        seconds = (until - timezone.now()).total_seconds()
        start_job_after_commit(UNMUTE_CHANNEL, {"member": member.id}, max(seconds, 0))


def _update_streams(member, before):
    """Publish a new role to the person's streams. A ban makes them unfollow the room; its end makes them follow it."""
    if Member.BANNED not in (before, member.role):
        feeds.publish_to_person(member.person_id, member.room.slug, role=member.role)
    elif before != member.role and member.role == Member.BANNED:
        feeds.unfollow(member.person_id, member.room_id, member.room.slug)
    elif before != member.role:
        feeds.follow(member.person, member.room_id)


def _publish_role(member):
    event = protocol.member(member.handle, member.role, member.muted_until, member.person.is_guest)
    publish_after_commit(broadcast.room_group(member.room_id), lambda: event)


def notify_moderators(room_id: int) -> None:
    """Publish `reported` to each moderator of a room, on commit: the list of the room's reports has changed."""
    moderators = Member.objects.filter(room_id=room_id, role__in=Member.MODERATOR_ROLES)
    for member_id in moderators.values_list("id", flat=True):
        publish_after_commit(broadcast.member_group(member_id), protocol.reported)


def close_connections(member: Member) -> None:
    """Close all connections of a member in the room with 4403, after the commit."""
    close_after_commit(broadcast.member_group(member.id), protocol.CLOSE_FORBIDDEN)


def delete_member(member: Member) -> None:
    """Delete a member, close the person's connections in the room, and make the person's streams unfollow the room."""
    close_connections(member)
    # The streams of a banned person do not follow the room, and must not receive its present slug.
    if member.role != Member.BANNED:
        feeds.unfollow(member.person_id, member.room_id, member.room.slug)
    member.delete()


def hold_others_of_browser(member: Member) -> None:
    """
    Apply a guest's ban or mute to the other members of the room who use the guest's browser.

    These members are the browser's other guests, and the accounts that the browser created after the guest. `join_room`
    does the same with people who enter later. Without this function, a person could go on writing as one of the others,
    on a connection that is open already. The guest's ban does not change the role of an account. The ban closes the
    account's connections, and `join_room` refuses new connections until the guest's ban is lifted.
    """
    if not member.person.is_guest or member.person.browser is None:
        return
    others = Member.objects.select_related("person", "room").filter(room=member.room_id)
    others = others.filter(person__is_active=True, person__browser=member.person.browser).exclude(id=member.id)
    is_later_account = Q(person__is_guest=False, person__created_at__gt=member.person.created_at)
    for other in others.filter(Q(role=Member.GUEST, person__is_guest=True) | Q(is_later_account, role=Member.MEMBER)):
        if member.role == Member.BANNED and not other.person.is_guest:
            close_connections(other)
            feeds.unfollow(other.person_id, other.room_id, other.room.slug)
        else:
            apply_role(other, member.role, member.muted_until)


def find_members_held_by_browser() -> QuerySet:
    """
    Select the Members of accounts that `join_room` would refuse: a guest of their browser is banned in the room.

    The bans are read first, because there are few of them, and the database then finds the accounts by their browsers.
    """
    bans = Member.objects.filter(role=Member.BANNED, person__is_guest=True, person__browser__isnull=False)
    browsers = bans.values("person__browser")
    ban = bans.filter(room=OuterRef("room"), person__browser=OuterRef("person__browser"))
    ban = ban.filter(person__created_at__lt=OuterRef("person__created_at"))
    accounts = Member.objects.filter(person__is_guest=False, person__browser__in=browsers)
    accounts = accounts.exclude(role__in=[*Member.MODERATOR_ROLES, Member.BANNED])
    return accounts.annotate(is_refused=Exists(ban)).filter(is_refused=True)


def end_bans_of_browser(member: Member) -> None:
    """Lift the bans and mutes of the browser's other guests, because these bans and mutes hold for the guest too."""
    if not member.person.is_guest or member.person.browser is None:
        return
    others = Member.objects.filter(room=member.room_id, person__is_guest=True, person__browser=member.person.browser)
    ids = list(others.filter(role__in=Member.HELD_ROLES).values_list("id", flat=True))
    Member.objects.filter(id__in=ids).update(role=Member.GUEST, muted_until=None)


def check_member_may(member: Member, action: Action) -> None:
    """
    Check that a member may do an action, as `rights.check_may` does. End a mute that has expired.

    Run no query for members who are not muted.
    """
    rights.check_may(member.person, action, member.room, member)
    end_expired_mute(member)


def end_expired_mute(member: Member) -> None:
    """End a member's mute if it has expired and no job has ended it. Run no query for members with other roles."""
    if member.role == Member.MUTED and not member.is_muted:
        end_mutes(member.id)
        member.role, member.muted_until = get_default_role(member.person), None


def end_mutes(member_id: int | None = None) -> int:
    """
    End the expired mutes, and publish the new roles to the rooms. Return the number of ended mutes.

    End the mute of one member, or at most MAX_MUTES_PER_SWEEP mutes of all members. This may run late,
    twice, and in several processes: it does not select a mute that a moderator has prolonged or lifted. It runs at most
    four statements.
    """
    due = Member.objects.filter(role=Member.MUTED, muted_until__lte=timezone.now())
    if member_id is not None:
        due = due.filter(id=member_id)
    if not due.exists():
        return 0
    with transaction.atomic():
        members = lock_free_rows(due.select_related("person").order_by("id"), MAX_MUTES_PER_SWEEP)
        for role in (Member.GUEST, Member.MEMBER):
            _unmute([member for member in members if get_default_role(member.person) == role], role)
    return len(members)


def _unmute(members, role):
    if not members:
        return
    Member.objects.filter(id__in=[member.id for member in members]).update(role=role, muted_until=None)
    for member in members:
        member.role, member.muted_until = role, None
        _publish_role(member)
