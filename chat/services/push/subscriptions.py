"""
The browsers that receive pushes for a person: subscribe, list, end.

A subscription belongs to a login. The end of the login, for any reason, deletes the row of the login, and the database
deletes the subscription with it. This module writes PushSubscription, and Login for an old login session.
"""

from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.http.request import validate_host
from django.utils import timezone, translation

from chat import protocol
from chat.models import Login, Person, PushSubscription
from chat.protocol import ChatError
from chat.services import outgoing
from chat.services.digests import digest_secret
from chat.services.people.own_logins import remember_login

from .encryption import SECRET_BYTES, decode, read_point
from .identity import is_push_on

MAX_SUBSCRIPTIONS = 20  # of one person


def subscribe(request: HttpRequest, fields: dict[str, Any]) -> tuple[PushSubscription, bool]:
    """
    Store the subscription of this browser, or replace its earlier one. Return (the subscription, whether it is new).

    `fields` are those of `POST /api/push/`. Raise `not_found` if the site sends no pushes; `forbidden` for a guest, for
    an address of a service that is not in CHAT_PUSH_SERVICES, and above MAX_SUBSCRIPTIONS; `invalid_field` for a wrong
    value; `unavailable` if another request stores the same subscription at this moment.
    """
    _check_on(request.user)
    values = _check_fields(fields)
    login = _get_login(request)
    values.update(person=request.user, login=login, language=translation.get_language() or settings.LANGUAGE_CODE)
    try:
        with transaction.atomic():
            Person.objects.lock(request.user.id)
            return _store(login, values)
    except IntegrityError:
        # Another request of this browser stored the same subscription at this moment.
        raise ChatError("unavailable", "Try again in a moment.", retry_after=1) from None


def _store(login, values):
    earlier = PushSubscription.objects.filter(login=login).first()
    # A browser has one address. The person who was signed in there before gets no more pushes at it.
    PushSubscription.objects.filter(digest=values["digest"]).exclude(login=login).delete()
    if earlier is not None:
        values.update(failures=0, failing_since=None, held_until=None)
        PushSubscription.objects.filter(id=earlier.id).update(**values)
        return PushSubscription.objects.get(id=earlier.id), False
    if PushSubscription.objects.filter(person=values["person"]).count() >= MAX_SUBSCRIPTIONS:
        raise ChatError(
            "forbidden",
            "At most %(most)s browsers can receive notifications. Turn them off in another browser first.",
            most=MAX_SUBSCRIPTIONS,
        )
    return PushSubscription.objects.create(**values), True


def _check_on(person):
    if not is_push_on():
        raise ChatError("not_found", "This site sends no notifications to closed browsers.")
    if person.is_guest:
        raise ChatError("forbidden", "Only accounts can receive notifications in a closed browser.")


def _check_fields(fields):
    endpoint = _check_endpoint(fields.get("endpoint"))
    keys = fields.get("keys")
    if not isinstance(keys, dict):
        raise ChatError("invalid_field", "'keys' must be an object with 'p256dh' and 'auth'.", field="keys")
    zone, shows_text = fields.get("time_zone"), fields.get("text")
    # Without the field, an earlier choice stays.
    choice = {} if shows_text is None else {"shows_text": protocol.check_boolean(shows_text, "text")}
    return {
        **choice,
        "endpoint": endpoint,
        "digest": digest_secret(endpoint),
        "public_key": _check_key(keys.get("p256dh"), "p256dh", read_point),
        "secret": _check_key(keys.get("auth"), "auth", _check_secret),
        "time_zone": protocol.check_zone(zone, "time_zone") if zone else "",
    }


def _check_endpoint(value):
    """Return the address of a push service. It must begin with https://, unless OUTGOING_NETWORKS is set."""
    try:
        parts = urlsplit(outgoing.check_url(value))
    except outgoing.AddressRefused as error:
        raise ChatError("invalid_field", "'endpoint' must be an https URL.", field="endpoint") from error
    if len(value) > PushSubscription.MAX_ENDPOINT or (parts.scheme != "https" and not settings.OUTGOING_NETWORKS):
        raise ChatError("invalid_field", "'endpoint' must be an https URL.", field="endpoint")
    if not _is_accepted(value):
        raise ChatError("forbidden", "This site sends nothing to the push service of this browser.", field="endpoint")
    return value


def _is_accepted(endpoint):
    return validate_host(urlsplit(endpoint).hostname or "", settings.CHAT_PUSH_SERVICES)


def _check_key(value, name, check):
    text = protocol.check_string(value, name)
    try:
        check(decode(text))
    except ValueError:
        raise ChatError("invalid_field", "'%(name)s' is not a valid push key.", name=name, field=name) from None
    return text


def _check_secret(secret):
    if len(secret) != SECRET_BYTES:
        raise ValueError("wrong length")


def _get_login(request):
    login = find_login(request)
    if login is None:
        # The person signed in before logins were stored.
        remember_login(request, request.user)
        login = Login.objects.get(session_key=request.session.session_key)
    return login


def find_login(request: HttpRequest) -> Login | None:
    """Return the login of a request, or None."""
    return Login.objects.filter(person=request.user.id, session_key=request.session.session_key or "").first()


def list_subscriptions(person: Person) -> list[PushSubscription]:
    """Return the browsers that receive pushes for a person, the newest first."""
    found = PushSubscription.objects.filter(person=person).select_related("login").order_by("-id")
    return keep_signed_in(found)


def keep_signed_in(found: Iterable[PushSubscription]) -> list[PushSubscription]:
    """Return the subscriptions whose login sessions are still valid. The caller has read them with their logins."""
    subscriptions = list(found)
    keys = [subscription.login.session_key for subscription in subscriptions]
    valid = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    valid_keys = set(valid.values_list("session_key", flat=True)) if keys else set()
    return [subscription for subscription in subscriptions if subscription.login.session_key in valid_keys]


def find_subscriptions(person_ids: Collection[int], ids: Collection[int] | None = None) -> list[PushSubscription]:
    """
    Return the subscriptions of these people to which a push may be sent now. With `ids`, return only these.

    Nothing is sent to a push service that the operator has removed from CHAT_PUSH_SERVICES. The rows stay, because the
    operator may add the service again, and because a worker with older settings may run beside newer ones.
    """
    found = PushSubscription.objects.filter(person__in=person_ids, person__is_active=True).exclude(
        held_until__gt=timezone.now()
    )
    if ids is not None:
        found = found.filter(id__in=ids)
    subscriptions = keep_signed_in(found.select_related("login", "person").order_by("id"))
    return [subscription for subscription in subscriptions if _is_accepted(subscription.endpoint)]


def is_failing(subscription: PushSubscription) -> bool:
    """Return whether the last push failed, or the site sends no pushes to the push service any longer."""
    return subscription.failing_since is not None or not _is_accepted(subscription.endpoint)


def get_subscription(person: Person, subscription_id: int) -> PushSubscription:
    """Return a subscription of a person. Raise `not_found`."""
    found = PushSubscription.objects.filter(person=person, id=subscription_id).first()
    if found is None:
        raise ChatError("not_found", "This browser receives no notifications.")
    return found


def end_own(request: HttpRequest) -> None:
    """End the pushes in the browser of a request; do nothing if there are none."""
    login = find_login(request)
    if login is not None:
        PushSubscription.objects.filter(login=login).delete()


def end_subscription(person: Person, subscription_id: int) -> None:
    """End the pushes in one of a person's browsers. Raise `not_found`."""
    get_subscription(person, subscription_id).delete()
