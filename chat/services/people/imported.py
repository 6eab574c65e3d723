"""
Accounts that an import creates for the people of another system.

Nobody knows the password of such an account. If the export has an e-mail address, the person asks for a new password by
mail. Otherwise an operator sets a password with `manage.py changepassword`. This module writes Person, Profile and
EmailAddress. It publishes nothing, because a new person has no connections.
"""

import secrets
from functools import cache

from django.contrib.auth.hashers import make_password
from django.db.models import Q

from chat import protocol
from chat.models import EmailAddress, Person, Profile, make_handle_keys
from chat.protocol import MAX_HANDLE, ChatError
from chat.services import reserved_handles

from .emails import check_email


def make_import_handle(wish: str) -> str:
    """Return a wished handle without characters that are not allowed, cut to MAX_HANDLE; "" if nothing is left."""
    allowed = "".join(character for character in " ".join(wish.split()) if _is_allowed(character))
    for text in (wish, allowed, allowed[:MAX_HANDLE]):
        try:
            return protocol.check_handle(text)
        except ChatError:
            continue
    return ""


def _is_allowed(character):
    try:
        protocol.check_line(character, "handle")
    except ChatError:
        return False
    return True


def is_handle_free(handle: str) -> bool:
    """Return whether a new account may have this handle: it is not reserved, and nobody has it or a similar one."""
    keys = make_handle_keys(handle)
    is_same = Q(handle_key=keys["handle_key"]) | Q(handle_skeleton=keys["handle_skeleton"])
    return not reserved_handles.is_reserved(handle) and not Person.objects.filter(is_same).exists()


def find_by_email(address: str) -> Person | None:
    """Return the only active account with this verified e-mail address, or None."""
    if not address:
        return None
    emails = EmailAddress.objects.filter(key=address.lower(), person__is_active=True).exclude(key="")
    found = list(emails.select_related("person")[:2])
    return found[0].person if len(found) == 1 else None


def create_imported(handle: str, name: str, address: str, is_active: bool, is_guest: bool) -> Person:
    """
    Create the account of an imported person, and return the person. Call it in a transaction.

    A name or an e-mail address that is not allowed here is left out. A guest gets no name, and an account that is not
    active gets no address. Raise IntegrityError if the handle was taken meanwhile.
    """
    person = Person(handle=handle, **make_handle_keys(handle), is_active=is_active, is_guest=is_guest)
    person.password = _make_password() if is_active else make_password(None)
    person.save()
    name, address = _check_name(name), _check_address(address)
    if name and name != handle and not is_guest:
        Profile.objects.create(person=person, name=name)
    if address and is_active:
        EmailAddress.objects.create(person=person, address=address, key=address.lower())
    return person


@cache
def _make_password():
    # An account with a password that nobody knows can get a new password by mail. An account without a password cannot.
    # Hashing a password takes longer than the rest of the import of a person, so all accounts share one hash.
    return make_password(secrets.token_urlsafe(32))


def _check_name(name):
    text = " ".join(name.split())[: Profile.MAX_NAME]
    try:
        checked = protocol.check_line(text, "name")
    except ChatError:
        return ""
    return "" if reserved_handles.is_reserved(checked) else checked


def _check_address(address):
    try:
        return check_email(address)
    except ChatError:
        return ""
