"""
Operators: people who may use the admin. This module checks whether a person is an operator, and reads the rooms for
operators.

It writes no rows. It closes the streams of people who are no longer operators.
"""

from django.contrib.auth.models import AnonymousUser

from chat import broadcast
from chat.connections import Connection, Session
from chat.models import Person, Room, read_page
from chat.protocol import CLOSE_NOT_FOUND, ChatError
from chat.services import access
from chat.services.after_commit import close_after_commit

MAX_ROOMS = 500


def check_operator(person: Person | AnonymousUser) -> None:
    """Check that a person is an operator. Raise `not_found` if not, as for an address that does not exist."""
    if not (person.is_authenticated and person.is_staff):
        raise ChatError("not_found", "There is nothing at this address.")


def check_stream(connection: Connection) -> None:
    """Check that an operator's stream may stay open. If not, raise CloseConnection with the code for the reason."""
    access.check_connection(connection, access.OPERATORS, _read_operator)


def _read_operator(session: Session) -> access.Facts:
    if not access.has_login(session["login"]):
        return access.Facts(None, is_signed_in=False)
    person = Person.objects.operators().filter(id=session["person"]).first()
    if person is None:
        return access.Facts(None, is_active=False)
    return access.Facts(person, has_current_password=access.has_current_password(person, session))


def close_streams(person: Person) -> None:
    """Close the streams of a person who is no longer an operator, on commit."""
    close_after_commit(broadcast.operator_group(person.id), CLOSE_NOT_FOUND)


def get_rooms() -> tuple[list[Room], bool]:
    """Return the newest MAX_ROOMS rooms of the site, whatever their kinds, and whether there are more."""
    return read_page(Room.objects.order_by("-id"), MAX_ROOMS)
