"""
The key under which a page keeps a person's drafts and unsent messages in the browser.

A handle is not enough: another person may have it later. The key says nothing about the person.
"""

from django.contrib.auth.models import AnonymousUser
from django.utils.crypto import salted_hmac

from chat.models import Person

_LENGTH = 20  # hex digits


def get_page_key(person: Person | AnonymousUser) -> str:
    """
    Return the key of a person, which only a new SECRET_KEY changes, and which belongs to nobody else; "" if nobody is
    logged in.
    """
    return salted_hmac("chat.page", str(person.id)).hexdigest()[:_LENGTH] if person.is_authenticated else ""
