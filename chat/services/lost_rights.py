"""
Close the connections of people who lost rights because somebody changed rows without a service, for example by SQL.

The next frame of such a connection closes it. A client that sends nothing would keep its connection, so the monitor's
sweeps look for these rows. This module closes connections; it writes no rows.
"""

from collections.abc import Callable, Collection

from django.db.models import Q

from chat import broadcast
from chat.models import Member, Person, Visitor
from chat.protocol import CLOSE_FORBIDDEN
from chat.store import store

from . import feeds, people, rooms
from .after_commit import close_after_commit

MAX_PER_SWEEP = 500
# This many sweeps close the connections of one row. One sweep is not enough: a handshake may read the row just before
# the change, and join its groups just after the first sweep.
SWEEPS_PER_ROW = 2
FORGET_SECONDS = 3600


class Ledger:
    """
    Calls `close` for the ids of rows, at most SWEEPS_PER_ROW times for each row.

    A Ledger forgets all rows every FORGET_SECONDS, and when the store has lost its data. It forgets a row at once when
    a sweep does not find the row.
    """

    def __init__(self, name: str, close: Callable[[Collection[int]], object]) -> None:
        self._name, self._close = name, close
        self._times: dict[int, int] = {}

    def sweep(self, ids: Collection[int]) -> int:
        """Call `close` for the ids that are still due, at most MAX_PER_SWEEP of them. Return their number."""
        if store.increment(f"swept:{self._name}", FORGET_SECONDS) == 1:
            self._times = {}
        self._times = {id: self._times.get(id, 0) for id in ids}
        due = [id for id, times in self._times.items() if times < SWEEPS_PER_ROW]
        due = sorted(due, key=lambda id: self._times[id])[:MAX_PER_SWEEP]
        self._close(due)
        for id in due:
            self._times[id] += 1
        return len(due)


def _close_people(ids: Collection[int]) -> None:
    for person in Person.objects.filter(id__in=ids):
        people.close_connections(person)


def _close_members(ids: Collection[int]) -> None:
    for id, person_id, room_id in Member.objects.filter(id__in=ids).values_list("id", "person_id", "room_id"):
        close_after_commit(broadcast.member_group(id), CLOSE_FORBIDDEN)
        feeds.drop(person_id, room_id)


_people, _members = Ledger("people", _close_people), Ledger("members", _close_members)


def sweep_inactive_people() -> int:
    """
    Close the connections of people who are not active.

    Return the number of people; each person counts in two sweeps.
    """
    # A guest who has left has no last login, and may still have the keys of the handle. The service that ended the
    # guest's login has closed the connections. The visitors of boards never have keys.
    has_left = Q(is_guest=True, last_login=None)
    has_connections = Q(handle_key__isnull=False) & ~has_left | Q(id__in=Visitor.objects.values("person"))
    return _people.sweep(Person.objects.filter(has_connections, is_active=False).values_list("id", flat=True))


def sweep_banned_members() -> int:
    """
    Close the connections of banned members, and of accounts in whose browser a guest is banned.

    Return the number of members; each member counts in two sweeps.
    """
    banned = Member.objects.filter(role=Member.BANNED).values_list("id", flat=True)
    return _members.sweep([*banned, *rooms.find_members_held_by_browser().values_list("id", flat=True)])
