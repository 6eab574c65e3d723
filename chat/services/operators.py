"""
Operators: people who may use the admin. Who they are, judged at each event and frame, and what they see of all rooms.

Writes no rows; closes the streams of those who are no operators any more.
"""

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from chat import broadcast
from chat.models import Person, Room
from chat.protocol import CLOSE_CONNECTION_LOST, CLOSE_NOT_FOUND, CLOSE_NOT_SIGNED_IN, ChatError, CloseConnection

MAX_ROOMS = 500


def check_operator(person):
    """Raises `not_found` for everybody else, as where there is nothing."""
    if not (person.is_authenticated and person.is_staff):
        raise ChatError("not_found", "There is nothing at this address.")


def check_stream(person_id, login, password_hash):
    """
    Whether an operator's open stream may go on: by the row, the login session and the password of today. Raises
    CloseConnection with the code that says why not.
    """
    if not Session.objects.filter(session_key=login, expire_date__gt=timezone.now()).exists():
        raise CloseConnection(CLOSE_NOT_SIGNED_IN)
    person = Person.objects.operators().filter(id=person_id).first()
    if person is None:
        raise CloseConnection(CLOSE_NOT_FOUND)
    if not constant_time_compare(password_hash, person.get_session_auth_hash()):
        raise CloseConnection(CLOSE_CONNECTION_LOST)


def close_streams(person):
    """Closes the streams of somebody who is no operator any more."""
    group = broadcast.operator_group(person.id)
    transaction.on_commit(lambda: broadcast.close_group(group, CLOSE_NOT_FOUND))


def get_rooms():
    """Returns (the newest rooms of every kind, whether there are more)."""
    found = list(Room.objects.order_by("-id")[: MAX_ROOMS + 1])
    return found[:MAX_ROOMS], len(found) > MAX_ROOMS
