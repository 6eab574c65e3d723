"""
The door of a board: who knocks, who is let in, refused, removed, and who is told of it.

Every right is read from the rows at the time of the act. Each act is done once for its ref, as in rooms.
"""

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from channels_transport import OUTAGES
from chat import broadcast, protocol
from chat.connections import Connection
from chat.models import Board, Member, Visitor, make_handle_key
from chat.protocol import CLOSE_FORBIDDEN, ChatError
from chat.services import rooms
from chat.services.rooms.publishing import publish_on_commit
from chat.store import store

from .places import Visit, add_visitor, forget_visitors

logger = logging.getLogger(__name__)

# A connection at the door has no heartbeat; the interface ends it after a day.
AT_THE_DOOR_SECONDS = 25 * 3600
KNOCK_AGAIN_AFTER = timedelta(seconds=30)
_STATES = {"admit": Visitor.ADMITTED, "refuse": Visitor.REFUSED, "remove": Visitor.REMOVED}


# Who is there.


def arrive(visit: Visit, connection: Connection) -> None:
    """Notes a connection at the door; the owner hears of one who waits, and has no other there."""
    is_first = not _is_there(visit.digest)
    store.enter(_roster(visit.digest), "visitor", connection.name, AT_THE_DOOR_SECONDS)
    if visit.visitor is None or visit.visitor.state != Visitor.WAITING:
        return
    # The one that was there may have left at this very moment, and the owner heard so.
    if is_first or len(store.roster_entries([_roster(visit.digest)])[0]) == 1:
        _tell_owner(visit.board.id, protocol.knocked(visit.visitor.key, visit.visitor.handle))


def depart(board_id: int, digest: str, connection: Connection) -> None:
    """Forgets a connection; the owner hears if it was the last of one who waits."""
    store.leave(_roster(digest), "visitor", connection.name)
    waiting = Visitor.objects.select_related("person").filter(board=board_id, state=Visitor.WAITING)
    visitor = waiting.filter(digest=digest).first()
    if visitor is None or _is_there(digest):
        return
    _tell_owner(board_id, protocol.left(visitor.key))
    if _is_there(digest):
        # Back at this very moment: what the owner heard last must be that.
        _tell_owner(board_id, protocol.knocked(visitor.key, visitor.handle))


def _is_there(digest):
    return store.roster_sizes([_roster(digest)]) != [0]


def _roster(digest):
    return f"door:{digest}"


def get_greeting(visit):
    """Returns the events that one who comes to the door has to hear: how they stand, or for the owner who waits."""
    visitor = Visitor.objects.select_related("person").filter(digest=visit.digest).first()
    if visitor is None:
        return []
    if visitor.is_owner:
        return [protocol.knocked(waiting.key, waiting.handle) for waiting in _get_waiting(visit.board)]
    return [_describe(visitor)]


def _get_waiting(board):
    waiting = Visitor.objects.select_related("person").filter(board=board, state=Visitor.WAITING).order_by("id")
    waiting = list(waiting)
    sizes = store.roster_sizes([_roster(visitor.digest) for visitor in waiting])
    return [visitor for visitor, size in zip(waiting, sizes, strict=True) if size]


def _describe(visitor):
    return {
        Visitor.WAITING: lambda: protocol.waiting(visitor.handle),
        Visitor.ADMITTED: lambda: protocol.admitted(visitor.handle),
        Visitor.REFUSED: protocol.refused,
        Visitor.REMOVED: protocol.removed,
    }[visitor.state]()


def get_member(visit):
    """
    Returns the standing in the board's room of one who was let in. Raises `not_found` for one who never was, and
    `forbidden` for one who is not any more.
    """
    visitor = visit.visitor
    member = visitor and Member.objects.filter(room=visit.board.room, person=visitor.person).first()
    if member is not None and member.role == Member.BANNED:
        raise ChatError("forbidden", "You may not write here any more.")
    if member is None or not visitor.is_inside or not visitor.person.is_active:
        raise ChatError("not_found", "There is no such board.")
    member.room, member.person = visit.board.room, visitor.person
    return member


# What is done.


def knock(visit, event):
    """
    Asks the owner for admission: under the knock's handle, or that of the person who is signed in.

    Raises `taken` for a handle that somebody on this board has, `forbidden` for the owner and for the removed,
    `rate_limited` for one who was refused just now.
    """
    with transaction.atomic():
        visitor = _lock(visit.visitor) or _add_visitor(visit, event.handle)

        def make():
            _check_may_knock(visitor)
            if visitor.state != Visitor.ADMITTED:
                _take_handle(visitor, event.handle)
                _set_state(visitor, Visitor.WAITING)
                _tell_owner(visit.board.id, protocol.knocked(visitor.key, visitor.handle))
            return visitor.id

        _record_once(visit.board, visitor, event, make)


def _lock(visitor):
    """Reads a visitor anew, so that decisions come one after the other. Returns None for None, and for one swept."""
    if visitor is None:
        return None
    visitors = Visitor.objects.select_related("person", "board").select_for_update(of=("self",))
    return visitors.filter(id=visitor.id).first()


def _add_visitor(visit, handle):
    try:
        with transaction.atomic():
            return add_visitor(visit.board, visit.digest, visit.person, handle, Visitor.WAITING)
    except IntegrityError:
        # Another tab of this browser knocks at the same moment.
        raise ChatError("unavailable", "Try again in a moment.", retry_after=0.5) from None


def _check_may_knock(visitor):
    if visitor.is_owner:
        raise ChatError("forbidden", "This board is yours.")
    if visitor.state == Visitor.REMOVED:
        raise ChatError("forbidden", "You were removed from this board.")
    wait = visitor.changed_at + KNOCK_AGAIN_AFTER - timezone.now()
    if visitor.state == Visitor.REFUSED and wait > timedelta():
        detail = "You were not let in. Wait a little before you knock again."
        raise ChatError("rate_limited", detail, retry_after=round(wait.total_seconds() + 0.05, 1))


def _take_handle(visitor, handle):
    """Gives a visitor a handle on this board, unless it is theirs for good. Raises `taken`."""
    if not visitor.is_signed_in and not _find_member(visitor):
        visitor.person.handle = handle
        visitor.person.save(update_fields=["handle"])
    key = make_handle_key(visitor.handle)
    holder = Visitor.objects.filter(board=visitor.board_id, handle_key=key).exclude(id=visitor.id).first()
    if holder is not None and holder.person_id == visitor.person_id:
        key = None  # the same person in another browser
    elif holder is not None and not _has_gone(holder):
        raise ChatError("taken", "Somebody on this board has this name.")
    try:
        with transaction.atomic():
            Visitor.objects.filter(id=visitor.id).update(handle_key=key)
    except IntegrityError:
        raise ChatError("taken", "Somebody on this board has this name.") from None


def _has_gone(holder):
    """Forgets one who waited and went away without having been let in: somebody else asks for their handle."""
    is_away = holder.state == Visitor.WAITING and not _is_there(holder.digest)
    return is_away and forget_visitors(Visitor.objects.filter(id=holder.id)) == 1


def _find_member(visitor):
    return Member.objects.filter(room__board=visitor.board_id, person=visitor.person_id).first()


def decide(visit: Visit, event, connection: Connection) -> None:
    """
    Admits, refuses or removes a visitor, who hears it at once, as do the owner's other connections.

    Raises `forbidden` for all but the owner, `not_found`, and `taken` where the visitor's handle is another's by now.
    """
    _check_owner(visit)

    def make():
        visitor = _get_visitor(visit.board, event.visitor)
        is_owner = visitor.person_id == visit.visitor.person_id
        if visitor.is_owner or (is_owner and event.type != "admit"):
            raise ChatError("forbidden", "This is you.")
        if visitor.state != _STATES[event.type]:
            _move(visitor, _STATES[event.type], connection)
        return visitor.id

    _record_once(visit.board, visit.visitor, event, make)


def _check_owner(visit):
    if not visit.is_owner:
        raise ChatError("forbidden", "Only the owner of this board may do that.")


def _get_visitor(board, key):
    visitor = _lock(Visitor.objects.filter(board=board, key=key).first())
    if visitor is None:
        raise ChatError("not_found", "There is no such visitor.")
    return visitor


def _move(visitor, state, connection):
    member = _find_member(visitor)
    if state == Visitor.ADMITTED:
        _take_handle(visitor, visitor.handle)
        _let_in(visitor, member)
    elif member is not None:
        _send_out(member)
    elif state == Visitor.REFUSED:
        Visitor.objects.filter(id=visitor.id).update(handle_key=None)
    _set_state(visitor, state)
    fact = _describe(visitor)
    publish_on_commit(broadcast.visitor_group(visitor.digest), lambda: fact)
    told = {**fact, "visitor": visitor.key}
    transaction.on_commit(lambda: _tell_other_tabs(visitor.board_id, told, connection))


def _let_in(visitor, member):
    role = Member.GUEST if visitor.person.is_guest else Member.MEMBER
    if member is None:
        Member.objects.create(room_id=visitor.board.room_id, person=visitor.person, role=role)
    elif member.role == Member.BANNED:
        Member.objects.filter(id=member.id).update(role=role)


def _send_out(member):
    # On a board its owner decides at the door, and nobody keeps a log of it: this is no ban of a moderator's.
    Member.objects.filter(id=member.id).update(role=Member.BANNED)
    group = broadcast.member_group(member.id)
    transaction.on_commit(lambda: broadcast.close_group(group, CLOSE_FORBIDDEN))


def _set_state(visitor, state):
    visitor.state, visitor.changed_at = state, timezone.now()
    visitor.save(update_fields=["state", "changed_at"])


def shut(visit, event):
    """
    Ends a board for everybody: all sockets are closed, and nobody finds it any more. Raises `forbidden`.
    """
    _check_owner(visit)
    board = visit.board

    def make():
        Board.objects.filter(id=board.id).update(shut_at=timezone.now())
        # What is under way already is judged by these.
        Member.objects.filter(room=board.room_id).update(role=Member.BANNED)
        transaction.on_commit(lambda: _close(board))
        return board.id

    _record_once(board, visit.visitor, event, make)


def _close(board):
    broadcast.close_group(broadcast.room_group(board.room_id), CLOSE_FORBIDDEN)
    broadcast.publish(broadcast.board_group(board.id), protocol.shut())
    broadcast.close_group(broadcast.board_group(board.id), CLOSE_FORBIDDEN)


def _record_once(board, visitor, event, make):
    return rooms.record_once(Member(room=board.room, person=visitor.person), event, make)


def _tell_owner(board_id, event):
    publish_on_commit(broadcast.owner_group(board_id), lambda: event)


def _tell_other_tabs(board_id, event, connection):
    """Tells the owner's connections, but for the one that has the `ack`."""
    try:
        broadcast.publish_to_others(broadcast.owner_group(board_id), event, connection.name)
    except OUTAGES as outage:
        # It is decided and acked: those tabs see it when they come back.
        logger.warning("The other tabs of an owner could not be told: %s", outage)
