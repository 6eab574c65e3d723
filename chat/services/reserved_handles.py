"""
Reserved handles: the setting CHAT_RESERVED_HANDLES names handles that only an operator can give to a person.

People trust what `admin` or `support` writes. So nobody can take such a handle, or one that looks like it, and nobody
can have it as the name of a profile. People who have such a handle already keep it. This module writes nothing.
"""

import functools

from django.conf import settings

from chat.models import make_handle_key, make_handle_skeleton
from chat.protocol import ChatError


def is_reserved(text: str) -> bool:
    """Return whether a handle or a name is reserved, ignoring case, repeated spaces and similar letters."""
    clean = " ".join(text.split())
    # A skeleton depends on the case: "ADM1N" looks like "ADMIN", and "аdmin" with a Cyrillic а like "admin".
    found = {make_handle_skeleton(clean), make_handle_skeleton(make_handle_key(clean))}
    return bool(found & _make_skeletons(tuple(settings.CHAT_RESERVED_HANDLES)))


@functools.lru_cache(maxsize=4)
def _make_skeletons(handles: tuple[str, ...]) -> frozenset[str]:
    forms = {form for handle in handles for form in (make_handle_key(handle), handle.title(), handle.upper())}
    return frozenset(map(make_handle_skeleton, forms))


def check_not_reserved(handle: str, given: str | None = None, name: str = "handle") -> None:
    """
    Raise `taken` for a reserved handle, unless it is `given`: the handle that an operator gives to the person.

    `name` is the field of the request that has the handle.
    """
    if is_reserved(handle) and (given is None or make_handle_key(given) != make_handle_key(handle)):
        raise ChatError("taken", "This name is reserved for operators of this site. Choose another one.", field=name)
