"""The log of accounts: each change of the security of an account. This module writes AccountEntry."""

from django.http import HttpRequest

from chat.models import AccountEntry, Person
from chat.services import limits


def record_change(act: str, person: Person, actor: Person | None, request: HttpRequest | None = None) -> None:
    """
    Store that `actor` (None: a command, or nobody is signed in) changed the security of an account.

    `act` is one of AccountEntry's acts. `request` is the request that asked for the change. Call this function in the
    transaction of the change.
    """
    address = "" if request is None else limits.get_address(request)[:45]
    AccountEntry.objects.create(act=act, person=person, actor=actor, address=address)
