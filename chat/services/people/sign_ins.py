"""
Sign-ins: checks of passwords, and the limits of these checks. The pages, the API and the admin use this module.

Wrong passwords are counted for the account at the browser or address that sends them, and for the account over all
places together. The second limit would let an attacker lock the owner out. So it does not apply to places from which
the person has signed in before, and a known browser has limits of its own. This is the protocol of OWASP's "Slow Down
Online Guessing Attacks with Device Cookies". In addition, a known address counts as such a place, for clients without
cookies.

This module writes KnownPlace.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from chat import protocol
from chat.models import KnownPlace, Person, make_handle_key
from chat.protocol import ChatError
from chat.services import limits, numbers, rights
from chat.services.digests import digest_secret
from chat.services.free_rows import delete_free_rows

from .accounts import find_person
from .browsers import find_browser, get_browser
from .recent_sign_ins import is_recent

MAX_PLACES = 100  # of one person; the newest stay
KEEP_PLACES = timedelta(days=400)
SEEN_PRECISION = timedelta(days=1)  # a sign-in writes `seen_at` only if the stored time is older than this
MAX_PLACES_PER_SWEEP = 1000


def check_credentials(request: HttpRequest, handle: Any, password: Any) -> Person:
    """
    Return the person with this handle and password.

    Raise `not_signed_in` if there is none, or if only operators may sign in with a password (OIDC_ONLY). Raise
    `rate_limited` after too many wrong passwords, or too many sign-ins from one browser or address. All failures for a
    wrong handle or password run the same queries and hash one password, so that nobody can find out which handles
    exist.
    """
    account = _find_account(handle)
    browser, address = find_browser(request), limits.get_address(request)
    known = _find_known(account, [browser, _digest_address(address)])
    with numbers.counting_refusals():
        attempt = limits.start_sign_in(
            f"person-{account.id}" if account else f"handle-{digest_secret(_make_key(handle))}",
            address,
            browser if browser in known else None,
            knows_address=_digest_address(address) in known,
        )
    person = find_person(handle, password)
    if person is None or (settings.OIDC_ONLY and not rights.is_operator(person)):
        numbers.count_sign_in_failure("wrong_password")
        raise ChatError("not_signed_in", "There is no account with this handle and password.")
    attempt.succeed()
    return person


def check_own_password(request: HttpRequest, password: Any, field: str) -> None:
    """
    Check the password of the signed-in person. Raise `forbidden`, or `rate_limited` after too many wrong passwords.

    Raise `invalid_field` if the password is not text. `field` is the name of the field that contains the password. Each
    login session has a limit of its own, so failures in one browser do not lock another browser out.

    A person without a password must have signed in at the provider of OpenID Connect within the last ten minutes.
    """
    if not request.user.is_guest and not request.user.has_usable_password():
        _check_recent(request)
        return
    person, attempt = request.user, start_own_attempt(request)
    if person.is_guest or not person.check_password(protocol.check_string(password, field)):
        if field == "old_password":
            raise ChatError("forbidden", "The old password is wrong.", field=field)
        raise ChatError("forbidden", "The password is wrong.", field=field)
    attempt.succeed()


def _check_recent(request):
    """Raise `forbidden` if a person without a password has not just signed in at the provider."""
    if not is_recent(request.session, request.user.id):
        raise ChatError(
            "forbidden",
            "You have no password here. Sign in with %(name)s again, then do this within ten minutes.",
            name=settings.OIDC_NAME,
        )


def start_own_attempt(request: HttpRequest) -> limits.SignIn:
    """Count one check of the password of the signed-in person, in this login session. Raise `rate_limited`."""
    place = digest_secret(request.session.session_key or "")
    return limits.start_sign_in(f"person-{request.user.id}", limits.get_address(request), place, knows_address=True)


def start_code(request: HttpRequest, person: Person) -> limits.SignIn:
    """
    Count one check of a code of a second factor. Raise `rate_limited` after too many wrong codes.

    The limits count for the same places as those of wrong passwords. They are lower, because a code is short.
    """
    browser, address = find_browser(request), limits.get_address(request)
    known = _find_known(person, [browser, _digest_address(address)])
    is_known = browser in known or _digest_address(address) in known
    return limits.start_code(f"person-{person.id}", address, browser if browser in known else None, is_known)


def remember_place(request: HttpRequest, person: Person) -> None:
    """
    Store the browser and the address from which an account has signed in, and delete all but the newest MAX_PLACES.

    The browser gets an id if it has none.
    """
    now = timezone.now()
    digests = {get_browser(request), _digest_address(limits.get_address(request))}
    for digest in digests:
        place, is_new = KnownPlace.objects.get_or_create(person=person, digest=digest, defaults={"seen_at": now})
        if not is_new and place.seen_at < now - SEEN_PRECISION:
            KnownPlace.objects.filter(id=place.id).update(seen_at=now)
    newest = person.known_places.order_by("-seen_at", "-id").values_list("id", flat=True)[:MAX_PLACES]
    person.known_places.exclude(id__in=list(newest)).delete()


def forget_other_places(request: HttpRequest, person: Person) -> None:
    """
    Delete every known place of a person except that of this browser, because somebody else may have known the password.
    """
    person.known_places.exclude(digest=find_browser(request)).delete()


def sweep_places() -> int:
    """Delete at most MAX_PLACES_PER_SWEEP places without a sign-in for KEEP_PLACES. Return how many were deleted."""
    old = KnownPlace.objects.filter(seen_at__lt=timezone.now() - KEEP_PLACES)
    return len(delete_free_rows(old, MAX_PLACES_PER_SWEEP))


def _find_account(handle):
    # Many spellings of a handle name the same account. All these spellings share one limit.
    return Person.objects.find_login(handle if protocol.is_possible_handle(handle) else "")


def _find_known(account, digests):
    person_id = account.id if account else 0  # no person has the id 0: the query runs only to take the same time
    return set(KnownPlace.objects.filter(person=person_id, digest__in=digests).values_list("digest", flat=True))


def _make_key(handle):
    return make_handle_key(handle) if isinstance(handle, str) else ""


def _digest_address(address):
    return digest_secret(f"address {limits.get_network(address)}")
