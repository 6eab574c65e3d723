"""
Operators: people who may use the admin. Who they are, judged at each event and frame, and what they see of all rooms.

Writes no rows; closes the streams of those who are no operators any more.
"""

from django.db import transaction

from chat import broadcast
from chat.connections import Connection
from chat.models import Person, Room
from chat.protocol import CLOSE_NOT_FOUND, ChatError
from chat.services import access

MAX_ROOMS = 500


def check_operator(person):
    """Raises `not_found` for everybody else, as where there is nothing."""
    if not (person.is_authenticated and person.is_staff):
        raise ChatError("not_found", "There is nothing at this address.")


def check_stream(connection: Connection) -> None:
    """
    Check that the operator's open stream may go on. Raise CloseConnection with the code that says why not.
    """
    access.check_connection(connection, access.OPERATORS, _read_operator)


def _read_operator(session):
    if not access.has_login(session["login"]):
        return access.Facts(None, is_signed_in=False)
    person = Person.objects.operators().filter(id=session["person"]).first()
    if person is None:
        return access.Facts(None, is_active=False)
    return access.Facts(person, has_current_password=access.has_current_password(person, session))


def close_streams(person):
    """Closes the streams of somebody who is no operator any more."""
    group = broadcast.operator_group(person.id)
    transaction.on_commit(lambda: broadcast.close_group(group, CLOSE_NOT_FOUND))


def get_rooms():
    """Returns (the newest rooms of every kind, whether there are more)."""
    found = list(Room.objects.order_by("-id")[: MAX_ROOMS + 1])
    return found[:MAX_ROOMS], len(found) > MAX_ROOMS
