"""The JSON API of the tokens of bots. No token may call it, so a token cannot create tokens."""

from datetime import timedelta

from django.http import HttpResponse, JsonResponse
from django.utils import timezone

from chat import protocol
from chat.http.endpoints import endpoint, get_optional, signed_in
from chat.http.reads import ListResponse
from chat.models import SCOPES
from chat.protocol import ChatError
from chat.services import limits, people


@signed_in
def list_tokens(request):
    """Return {tokens: [...]} of a signed-in person, the oldest first, without their keys."""
    return ListResponse({"tokens": [_describe(token) for token in people.list_tokens(request.user)]})


@signed_in
def create_token(request):
    """
    Create a token, for accounts. Return 201 and the token. Only this response contains its key.

    Body {name, scopes?, rooms?, expires_in? or expires_at?, survives_password_change?}.
    """
    fields = protocol.parse_object(request.body)
    name = protocol.check_fields(fields, name=protocol.check_string)["name"]
    limits.check_event(request.user.id)
    chosen = people.TokenLimits(
        scopes=get_optional(fields, "scopes", _check_strings, SCOPES),
        rooms=get_optional(fields, "rooms", _check_strings),
        expires_at=_read_end(fields),
        survives_password_change=get_optional(fields, "survives_password_change", protocol.check_boolean, False),
    )
    token, key = people.make_token(request.user, name, chosen)
    [described] = [_describe(made) for made in people.list_tokens(request.user) if made.id == token.id]
    return JsonResponse({**described, "token": key}, status=201)


def _check_strings(value, name):
    if not isinstance(value, list):
        raise ChatError("invalid_field", "'%(name)s' must be a list of strings.", name=name)
    return [protocol.check_string(text, name) for text in value]


def _read_end(fields):
    """Return the time at which a new token ends, or None for never."""
    seconds = get_optional(fields, "expires_in", protocol.check_seconds)
    moment = get_optional(fields, "expires_at", protocol.check_time)
    if seconds is not None and moment is not None:
        raise ChatError("invalid_field", "Send 'expires_in' or 'expires_at', not both.")
    return moment if seconds is None else timezone.now() + timedelta(seconds=seconds)


@signed_in
def revoke_token(request, token_id):
    """Revoke a token of this person, and close the sockets that use it. Return 204."""
    limits.check_event(request.user.id)
    people.revoke_token(request.user, token_id)
    return HttpResponse(status=204)


def _describe(token):
    return {
        "id": token.id,
        "name": token.name,
        "created_at": protocol.format_time(token.created_at),
        "scopes": token.get_scopes(),
        "rooms": None if token.shown_rooms is None else [room.slug for room in token.shown_rooms],
        "expires_at": protocol.format_time(token.expires_at),
        "used_at": protocol.format_time(token.used_at),
        "survives_password_change": bool(token.survives_password_change),
    }


all_tokens = endpoint(GET=list_tokens, POST=create_token)
one_token = endpoint(DELETE=revoke_token)
