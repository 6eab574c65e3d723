"""
Requests to join a board: a visitor asks, and then waits until the owner admits or refuses the visitor.
"""

from django.db import IntegrityError, transaction

from chat import protocol
from chat.models import Member, Visitor
from chat.protocol import ChatError
from chat.services import rooms

from .held_browsers import check_browser_may_ask
from .notices import describe_knock, notify_owner
from .visitors import add_visitor, lock_visitor, reserve_handle, set_state
from .visits import Visit


def request_to_join(visit: Visit, event: protocol.Knock) -> None:
    """
    Store a visitor's request to join, once for each ref, and notify the owner on commit.

    The request has the handle from the event, or the logged-in person's handle. An admitted visitor stays admitted.

    Raise:

    - `taken` if the site has reserved the handle, or if another visitor of this board has it or one that looks like it;
    - `forbidden` for the owner, for removed visitors, in the browsers of removed visitors, and if the site is closed to
      guests;
    - `rate_limited` shortly after a refusal of the same visitor, browser or account;
    - `ref_conflict` if the person used the ref for a different request;
    - `unavailable` if another tab of the browser asks at the same moment.
    """
    with transaction.atomic():
        visitor = lock_visitor(visit.visitor) or _add_visitor(visit, event.handle)

        def make() -> int:
            _check_may_ask(visitor, visit)
            if visitor.state != Visitor.ADMITTED:
                reserve_handle(visitor, event.handle)
                set_state(visitor, Visitor.WAITING)
                notify_owner(visit.board.id, describe_knock(visitor))
            return visitor.id

        rooms.record_once(Member(room=visit.board.room, person=visitor.person), event, make)


def _add_visitor(visit, handle):
    try:
        with transaction.atomic():
            return add_visitor(visit.board, visit.digest, visit.person, handle, Visitor.WAITING, visit.browser)
    except IntegrityError:
        # Another tab of this browser asks at the same moment.
        raise ChatError("unavailable", "Try again in a moment.", retry_after=0.5) from None


def _check_may_ask(visitor, visit):
    if visitor.is_owner:
        raise ChatError("forbidden", "You own this board. You do not need to ask to join.")
    if visitor.state == Visitor.REMOVED:
        raise ChatError("forbidden", "You were removed from this board.")
    if visitor.state != Visitor.ADMITTED:
        check_browser_may_ask(visit)
