"""
Decisions of a board's owner: to admit, refuse or remove a visitor, and to close the board.

A decision also changes the members of the board's room. Every right is read from the rows at the time of the decision.
Each decision runs once for each ref, as changes in rooms do.
"""

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from chat import protocol
from chat.connections import Connection
from chat.models import Board, Member, Person, Room, Visitor
from chat.protocol import ChatError
from chat.services import feeds, rooms
from chat.services.rights import Action, may

from .browsers import find_session_id
from .held_browsers import find_others_to_remove
from .lifecycle import make_not_found_error
from .notices import disconnect_everybody, disconnect_member, notify_decision
from .visitors import find_visitor_member, lock_visitor, release_handle, reserve_handle, set_state
from .visits import Visit, get_visit

_STATES = {"admit": Visitor.ADMITTED, "refuse": Visitor.REFUSED, "remove": Visitor.REMOVED}


def get_member(visit: Visit) -> Member:
    """
    Return the Member with which an admitted visitor enters the board's room.

    Raise `forbidden` if the Member is banned, for example after a removal. Raise `not_found` if the visitor is not
    admitted, or if the account of the person is deactivated.
    """
    visitor = visit.visitor
    member = visitor and Member.objects.find_in_room(visit.board.room_id, visitor.person_id)
    if visitor is not None and member is not None and not may(visitor.person, Action.READ, visit.board.room, member):
        raise ChatError("forbidden", "You can no longer write on this board.")
    if visitor is None or member is None or not visitor.is_inside or not visitor.person.is_active:
        raise make_not_found_error()
    member.room, member.person = visit.board.room, visitor.person
    return member


def find_visiting_member(room: Room, session: SessionBase, person: Person | AnonymousUser) -> Member | None:
    """Return the Member with which a browser reads the room of a board, as `get_member` does, or None."""
    board = Board.objects.filter(room=room).first()
    if board is None:
        return None
    try:
        return get_member(get_visit(str(board.uuid), find_session_id(session, board), session, person))
    except ChatError:
        return None


def decide_on_visitor(
    visit: Visit,
    event: protocol.AdmitVisitor | protocol.RefuseVisitor | protocol.RemoveVisitor,
    connection: Connection,
) -> None:
    """
    Admit, refuse or remove a visitor, once for each ref. Notify the visitor and the owner's other tabs on commit.

    A removal also removes the other guests and the waiting visitors of the same browser.

    - `visit`: the owner's visit.
    - `event`: the decision, with the visitor's public key.
    - `connection`: the owner's connection, which gets the `ack`.

    Raise:

    - `forbidden` if the visit is not the owner's, or if the visitor is the owner;
    - `forbidden` if the owner refuses or removes a visitor with the owner's account;
    - `not_found` for an unknown visitor;
    - `taken` if another visitor now has the handle, or one that looks like it;
    - `ref_conflict` if the person used the ref for a different request.
    """
    owner = _get_owner(visit)

    def make() -> int:
        visitor = _get_visitor(visit.board, event.visitor)
        is_owner = visitor.person_id == owner.person_id
        if visitor.is_owner or (is_owner and event.type != "admit"):
            raise ChatError("forbidden", "You cannot decide on yourself.")
        if visitor.state != _STATES[event.type]:
            _change_state(visitor, _STATES[event.type], connection)
        return visitor.id

    _record_once(visit.board, owner, event, make)


def close_board(visit: Visit, event: protocol.ShutBoard) -> None:
    """
    Close a board, so that nobody can find it from now on. Ban all members of its room. Close all connections of the
    board on commit.

    Raise `forbidden` if the visit is not the owner's, and `ref_conflict` if the person used the ref for a different
    request.
    """
    owner, board = _get_owner(visit), visit.board

    def make() -> int:
        Board.objects.filter(id=board.id).update(shut_at=timezone.now())
        # Workers read the rights from these rows for each frame. So the bans also stop frames that workers handle at
        # this moment.
        Member.objects.filter(room=board.room_id).update(role=Member.BANNED)
        disconnect_everybody(board)
        return board.id

    _record_once(visit.board, owner, event, make)


def _get_owner(visit: Visit) -> Visitor:
    if visit.visitor is None or not visit.is_owner:
        raise ChatError("forbidden", "Only the owner of this board can do this.")
    return visit.visitor


def _record_once(board, owner, event, make):
    rooms.record_once(Member(room=board.room, person=owner.person), event, make)


def _get_visitor(board, key):
    visitor = lock_visitor(Visitor.objects.filter(board=board, key=key).first())
    if visitor is None:
        raise ChatError("not_found", "There is no such visitor.")
    return visitor


def _change_state(visitor, state, connection):
    _decide(visitor, state, connection)
    if state == Visitor.REMOVED:
        for other in find_others_to_remove(visitor):
            _decide(lock_visitor(other), state, None)  # the deciding connection gets an event for each of them


def _decide(visitor, state, connection):
    member = find_visitor_member(visitor)
    if state == Visitor.ADMITTED:
        reserve_handle(visitor, visitor.handle)
        _admit_to_room(visitor, member)
    elif member is not None:
        # This ban has no audit entry, because it is a decision of the board's owner, not an act of a moderator.
        Member.objects.filter(id=member.id).update(role=Member.BANNED)
        disconnect_member(member)
        feeds.unfollow(visitor.person_id, member.room_id, visitor.board.room.slug)
    elif state == Visitor.REFUSED:
        release_handle(visitor)
    set_state(visitor, state)
    notify_decision(visitor, connection)


def _admit_to_room(visitor, member):
    role = rooms.get_default_role(visitor.person)
    if member is None:
        room = visitor.board.room
        Member.objects.create(room=room, person=visitor.person, role=role, read_offset=room.offset)
    elif member.role == Member.BANNED:
        Member.objects.filter(id=member.id).update(role=role)
    feeds.follow(visitor.person, visitor.board.room_id)
