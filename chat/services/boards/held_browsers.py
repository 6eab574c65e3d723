"""
Held browsers: a removal from a board also holds for the visitor's browser, until the owner admits a visitor of this
browser again.

A visitor could otherwise sign out, open the link again, and knock under another name. A removal also holds for the
person: an account cannot knock again from another browser. The owner's own browser is never held. This module writes
no rows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chat.models import Member, Visitor
from chat.protocol import ChatError

if TYPE_CHECKING:
    from .visits import Visit

RETRY_AFTER_DENIAL = timedelta(seconds=30)


def is_held(visit: Visit) -> bool:
    """Return whether a removal keeps the browser or the person of a visit from joining the board."""
    return Visitor.REMOVED in {decision.state for decision in _find_decisions(visit)}


def check_browser_may_ask(visit: Visit) -> None:
    """
    Raise an error if the owner's last decisions about the visit's browser or person do not allow a request to join.

    Raise `forbidden` after a removal, and `rate_limited` shortly after a refusal.
    """
    decisions = _find_decisions(visit)
    if any(decision.state == Visitor.REMOVED for decision in decisions):
        raise ChatError("forbidden", "You were removed from this board.")
    denied_at = max((decision.changed_at for decision in decisions), default=None)
    wait = denied_at + RETRY_AFTER_DENIAL - timezone.now() if denied_at else timedelta()
    if wait > timedelta():
        raise ChatError(
            "rate_limited",
            "The owner did not admit you. Wait a moment before you ask again.",
            retry_after=round(wait.total_seconds() + 0.05, 1),
        )


def _find_decisions(visit: Visit) -> list[Visitor]:
    """
    Return the removals and refusals that hold for a visit, as the visitors of its browser or person. Run one query.

    The owner's admission of a visitor ends the earlier decisions. A visitor whom a moderator of the room has banned
    counts as removed until the ban is lifted.
    """
    decisions = list(_read_decisions(visit))
    if any(decision.is_owner or _admits_account(decision, visit) for decision in decisions):
        return []
    found, is_over = [], False
    for decision in decisions:
        if decision.state == Visitor.ADMITTED and decision.is_banned:
            decision.state = Visitor.REMOVED
            found.append(decision)
        elif decision.state == Visitor.ADMITTED:
            is_over = True
        elif not is_over:
            found.append(decision)
    return found


def _read_decisions(visit):
    """Select the decided visitors of a visit's browser or person, the last decision first, with `is_banned`."""
    own = Q(digest=visit.digest)
    if visit.browser is not None:
        own |= Q(browser=visit.browser)
    if visit.person.is_authenticated:
        own |= Q(person=visit.person.id)
    banned = Member.objects.filter(room=visit.board.room_id, person=OuterRef("person"), role=Member.BANNED)
    visitors = Visitor.objects.filter(own, board=visit.board).exclude(state=Visitor.WAITING)
    return visitors.annotate(is_banned=Exists(banned)).order_by("-changed_at", "-id")


def _admits_account(decision, visit):
    """Return whether a decision admits the visit's account. Then no decision about the browser holds for the visit."""
    return decision.state == Visitor.ADMITTED and decision.person_id == visit.person.id and not decision.is_banned


def find_others_to_remove(visitor: Visitor) -> QuerySet:
    """
    Select the other visitors that a removal in this browser also removes: admitted guests, and all visitors who wait.

    The owner decides about each admitted account, because it may belong to somebody else who uses the browser.
    """
    in_browser = Visitor.objects.filter(board=visitor.board_id, browser=visitor.browser)
    if visitor.browser is None or in_browser.filter(state=Visitor.OWNER).exists():
        return Visitor.objects.none()
    is_guest_inside = Q(state=Visitor.ADMITTED, is_signed_in=False)
    return in_browser.filter(Q(state=Visitor.WAITING) | is_guest_inside).exclude(id=visitor.id)
