"""
The rows of a board's visitors: add, lock and delete them, and change their states and handles.
"""

import secrets

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chat.models import NO_HANDLE_KEYS, AuditEntry, Board, Member, Person, Visitor, make_handle_keys
from chat.protocol import ChatError
from chat.services import entry, reserved_handles
from chat.services.free_rows import lock_free_rows

from .waiting_room import is_connected

MAX_DELETED = 100  # visitors in one transaction


def add_visitor(
    board: Board, digest: str, person: Person | AnonymousUser, handle: str, state: str, browser: str | None
) -> Visitor:
    """
    Store a visitor: the person who is logged in, or a new guest with this handle who exists only on this board.

    `digest` is the digest of the session id, `browser` the digest of the browser's id.

    Raise `taken` for a reserved handle, and `forbidden` if the site is closed to guests. Raise IntegrityError if this
    browser already has a visitor on this board.
    """
    is_signed_in = person.is_authenticated
    if not is_signed_in:
        entry.check_guests()
        reserved_handles.check_not_reserved(handle)
        # The guest has no handle key, so the handle stays free outside this board.
        person = Person(handle=handle, is_guest=True)
        person.set_unusable_password()
        person.save()
    return Visitor.objects.create(
        board=board,
        key=secrets.token_urlsafe(16),
        digest=digest,
        person=person,
        is_signed_in=is_signed_in,
        browser=browser,
        state=state,
    )


def remember_browser(visitor: Visitor, browser: str | None) -> None:
    """
    Store the digest of the browser's id if it is known and new.

    The cookie that contains this id may be younger than the visitor.
    """
    if browser is not None and visitor.browser != browser:
        visitor.browser = browser
        visitor.save(update_fields=["browser"])


def lock_visitor(visitor: Visitor | None) -> Visitor | None:
    """Lock a visitor's row until the transaction ends, and return it as stored now. Return None if there is no row."""
    if visitor is None:
        return None
    visitors = Visitor.objects.select_related("person", "board").select_for_update(of=("self",))
    return visitors.filter(id=visitor.id).first()


def set_state(visitor: Visitor, state: str) -> None:
    """Store a visitor's new state and the time of the change."""
    visitor.state, visitor.changed_at = state, timezone.now()
    visitor.save(update_fields=["state", "changed_at"])


def find_visitor_member(visitor: Visitor) -> Member | None:
    """Return the visitor's Member of the board's room, or None if there is none."""
    return Member.objects.filter(room__board=visitor.board_id, person=visitor.person_id).first()


def reserve_handle(visitor: Visitor, handle: str) -> None:
    """
    Reserve a handle on the board for a visitor. Logged-in and admitted visitors keep the handle that they have.

    A visitor who has the handle, waits for a decision, and is not connected, is deleted. If the same person has the
    handle in another browser, reserve nothing. Raise `taken` for a handle that the site has reserved. Also raise
    `taken` if any other visitor of this board has the handle, or one that looks like it.
    """
    if not visitor.is_signed_in and not find_visitor_member(visitor):
        reserved_handles.check_not_reserved(handle)
        visitor.person.handle = handle
        visitor.person.save(update_fields=["handle"])
    keys = make_handle_keys(visitor.handle)
    is_same = Q(handle_key=keys["handle_key"]) | Q(handle_skeleton=keys["handle_skeleton"])
    for holder in Visitor.objects.filter(is_same, board=visitor.board_id).exclude(id=visitor.id):
        if holder.person_id == visitor.person_id:
            keys = NO_HANDLE_KEYS  # the same person in another browser
        elif not _delete_if_away(holder):
            raise _make_taken_error()
    try:
        with transaction.atomic():
            Visitor.objects.filter(id=visitor.id).update(**keys)
    except IntegrityError:
        raise _make_taken_error() from None


def release_handle(visitor: Visitor) -> None:
    """Let other visitors of the board use this visitor's handle."""
    Visitor.objects.filter(id=visitor.id).update(**NO_HANDLE_KEYS)


def _delete_if_away(holder):
    """Delete a visitor who left the waiting room before a decision. Return whether the visitor was deleted."""
    is_away = holder.state == Visitor.WAITING and not is_connected(holder.digest)
    return is_away and delete_outsiders(Visitor.objects.filter(id=holder.id)) == 1


def _make_taken_error():
    return ChatError("taken", "Another visitor of this board has this name. Choose another name.")


def delete_outsiders(visitors: QuerySet) -> int:
    """
    Delete at most MAX_DELETED visitors who wait or were refused, if they were never admitted.

    Keep the visitors whom the audit log of the board names. Also delete the Person of each deleted visitor who is a
    guest of the board only. Return how many visitors were deleted.
    """
    with transaction.atomic():
        # The rows are locked, so that the owner cannot admit the visitors meanwhile.
        return _delete(list(_find_outsiders(visitors).select_for_update()[:MAX_DELETED]))


def sweep_outsiders(visitors: QuerySet) -> int:
    """Delete visitors as `delete_outsiders` does, without those that another transaction has locked."""
    outside = _find_outsiders(visitors).select_related("person")
    if not outside.exists():
        return 0
    with transaction.atomic():
        return _delete(lock_free_rows(outside, MAX_DELETED, of=("self", "person")))


def _find_outsiders(visitors):
    members = Member.objects.filter(room__board=OuterRef("board"), person=OuterRef("person"))
    # An operator may have deleted the Member of an admitted visitor. Messages and the audit log still need the person.
    entries = AuditEntry.objects.filter(room__board=OuterRef("board"), person=OuterRef("person"))
    outside = visitors.filter(state__in=[Visitor.WAITING, Visitor.REFUSED])
    return outside.annotate(was_in=Exists(members), is_logged=Exists(entries)).filter(was_in=False, is_logged=False)


def _delete(found):
    Visitor.objects.filter(id__in=[visitor.id for visitor in found]).delete()
    Person.objects.filter(id__in=[visitor.person_id for visitor in found if not visitor.is_signed_in]).delete()
    return len(found)
