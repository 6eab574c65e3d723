"""
Sign out everywhere: end all logins of a person, and their tokens if the person chooses so.

This module itself writes only AccountEntry and KnownPlace: `own_logins`, `logins` and `tokens` end the logins and
tokens.
"""

from typing import NamedTuple

from django.db import transaction
from django.http import HttpRequest

from chat.models import AccountEntry, Person
from chat.services import mails

from .account_log import record_change
from .logins import sign_out
from .own_logins import end_other_logins
from .tokens import end_tokens


class Ended(NamedTuple):
    """How many logins and tokens were ended."""

    logins: int
    tokens: int


def sign_out_everywhere(request: HttpRequest, own: bool = False, tokens: bool = False) -> Ended:
    """
    End the logins of the signed-in person in all other browsers, and close their connections.

    With `own`, also end the login of this browser. With `tokens`, also end all tokens of the person, even those that
    survive a change of the password.
    """
    person = request.user
    with transaction.atomic():
        logins = end_other_logins(person, request.session.session_key)
        ended_tokens = end_tokens(person) if tokens else 0
    if own:
        sign_out(request)
        logins += 1
    return Ended(logins, ended_tokens)


def end_access(handle: str) -> None:
    """
    End all logins of the person with exactly this handle, whose password somebody else has changed.

    Also end the person's tokens, except tokens that survive a change of the password, and forget the known places.
    Close the connections of these logins and tokens, write to the account log, and tell the person by mail.
    """
    with transaction.atomic():
        for person in Person.objects.filter(handle=handle):
            record_change(AccountEntry.PASSWORD, person, None)
            mails.post_mail("password_changed", person)
            end_other_logins(person)
            end_tokens(person, spare_surviving=True)
            person.known_places.all().delete()  # somebody else may have known the former password
