"""
Handles: who may take which handle, and what happens to the handle of a guest who leaves.

A handle belongs to one person: nobody else can take it, or a handle that looks like it. The handle of a guest becomes
free when the guest leaves, unless a room still shows the guest. A room shows the authors of messages, reactions and
votes, the people in reports and in the audit log, and banned or muted people. Such a handle is kept for the guest's own
browser. So a guest cannot end a ban or a mute by leaving, and no new person seems to be the author of old messages.

This module writes Person, the Members of guests who return or sign up, and the keys of their direct conversations.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chat.models import NO_HANDLE_KEYS, AuditEntry, Member, Message, Person, PollVote, Reaction, Report, Room
from chat.protocol import ChatError
from chat.services.free_rows import lock_free_rows

MAX_GUESTS_PER_SWEEP = 400  # older versions of SQLite allow 999 parameters, and a statement needs two for a guest


def store_person(person: Person, visitor: Person | AnonymousUser | None = None) -> Person:
    """
    Store a new person, or return the guest of this browser who had the handle before and now returns.

    `visitor` is the guest who signs up, and who may keep the handle. Raise `taken`.
    """
    try:
        with transaction.atomic():
            returning = _vacate(person, visitor)
            if returning is not None:
                return _bring_back(returning)
            person.save()
            _carry_over(visitor, person)
    except IntegrityError:
        raise ChatError("taken", "This handle is taken. Choose another one.", field="handle") from None
    return person


def _vacate(person, visitor):
    """Free the handle if its guest must give it up. Return the guest if the guest returns in the same browser."""
    is_same = Q(handle_key=person.handle_key) | Q(handle_skeleton=person.handle_skeleton)
    holders = Person.objects.filter(is_same, is_guest=True)
    # Almost always there is no such guest. The search for a history alone would take 2 ms.
    for holder in _mark_history(holders) if holders else ():
        is_visitor = visitor is not None and holder.id == visitor.id
        if not holder.is_active and holder.last_login is not None:
            continue  # an operator has deactivated the guest: the handle stays taken, also for the same browser
        has_left = not holder.is_active or holder.seen_at < get_oldest_login()
        is_own = holder.browser is not None and holder.browser == person.browser
        if has_left and is_own and person.is_guest and holder.handle_key == person.handle_key:
            return holder
        if is_visitor or (has_left and (not _has_history(holder) or (is_own and not person.is_guest))):
            Person.objects.filter(id=holder.id).update(is_active=False, **NO_HANDLE_KEYS)
    return None


def _bring_back(guest):
    """Activate a guest who had left. The guest has no more rights than a new guest, and keeps bans and mutes."""
    # Another person may use this browser now, and must not enter the private rooms and direct conversations of the
    # previous person. An old conversation loses its key: people who write to the guest then open a new one.
    Room.objects.filter(access=Room.DIRECT, members__person=guest).update(people_key=None)
    Member.objects.filter(person=guest).exclude(room__access=Room.PUBLIC).exclude(role__in=Member.HELD_ROLES).delete()
    Member.objects.filter(person=guest).exclude(role__in=Member.HELD_ROLES).update(role=Member.GUEST)
    Person.objects.filter(id=guest.id).update(is_active=True, seen_at=timezone.now())
    guest.is_active = True
    return guest


def _carry_over(visitor, account):
    """Ban and mute an account where the guest who signs up is banned or muted."""
    if visitor is None or not visitor.is_authenticated or not visitor.is_guest:
        return
    # A private room needs no row: an account that nobody invites cannot enter it.
    for member in Member.objects.filter(person=visitor, role__in=Member.HELD_ROLES, room__access=Room.PUBLIC):
        Member.objects.create(room_id=member.room_id, person=account, role=member.role, muted_until=member.muted_until)


def release_handle(guest: Person) -> None:
    """Deactivate a guest whose login has ended. The handle becomes free, or is kept for the guest's browser."""
    _release([guest.id])


def sweep_guests() -> int:
    """Deactivate at most MAX_GUESTS_PER_SWEEP guests whose login sessions have expired. Return their number."""
    expired = Person.objects.filter(is_guest=True, is_active=True, seen_at__lt=get_oldest_login())
    if not expired.exists():
        return 0
    with transaction.atomic():
        ids = [guest.id for guest in lock_free_rows(expired, MAX_GUESTS_PER_SWEEP)]
        return _release(ids, Q(seen_at__lt=get_oldest_login()))


def _release(ids, *conditions):
    # The conditions are checked again by the UPDATE: a guest may have returned meanwhile.
    guests = Person.objects.filter(*conditions, is_guest=True, id__in=ids)
    kept = [guest.id for guest in _mark_history(guests) if _has_history(guest)]
    # Without a last login, a guest counts as departed, and not as deactivated by an operator.
    left = {"is_active": False, "last_login": None}
    freed = guests.exclude(id__in=kept).update(**left, **NO_HANDLE_KEYS)
    return freed + guests.filter(id__in=kept).update(**left)


def get_oldest_login() -> datetime:
    """Return the limit of valid logins: a login session that was last extended before this time has expired."""
    return timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)


def _mark_history(people: QuerySet) -> QuerySet:
    """Add to each person whether a room shows the person in its history."""
    person = OuterRef("id")
    held = Member.objects.filter(person=person, role__in=Member.HELD_ROLES)
    return people.annotate(
        wrote=Exists(Message.objects.filter(author=person)),
        reacted=Exists(Reaction.objects.filter(person=person)),
        voted=Exists(PollVote.objects.filter(person=person)),
        reported=Exists(Report.objects.filter(reporter=person)),
        is_logged=Exists(AuditEntry.objects.filter(person=person)),
        acted=Exists(AuditEntry.objects.filter(actor=person)),
        is_held=Exists(held),
    )


def has_history(person: Person) -> bool:
    """Return whether a room shows a person in its history."""
    return _has_history(_mark_history(Person.objects.filter(id=person.id)).get())


def _has_history(person):
    acts = [person.wrote, person.reacted, person.voted, person.reported, person.is_logged, person.acted]
    return any([*acts, person.is_held])
