"""The JSON API of people: login sessions, accounts, guests, and the tokens of bots."""

from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token

from chat import protocol
from chat.http.endpoints import endpoint, signed_in
from chat.services import limits, people

# Login sessions.


def get_session(request):
    """Return {handle, role, csrf} of this browser's login session, for everybody. Without a login, handle is null."""
    return JsonResponse(_describe_session(request))


def start_session(request):
    """
    Sign in, for everybody. Body {handle, password}. Return the session.

    Raise `not_signed_in` (401) if the handle or the password is wrong; `rate_limited` after too many attempts.
    """
    fields = protocol.check_fields(
        protocol.parse_object(request.body), handle=protocol.check_string, password=protocol.check_string
    )
    people.sign_in(request, people.check_credentials(request, fields["handle"], fields["password"]))
    return JsonResponse(_describe_session(request))


def end_session(request):
    """Sign out, for everybody, and close the sockets of this login session. Return the session without a login."""
    people.sign_out(request)
    return JsonResponse(_describe_session(request))


def _describe_session(request):
    person = request.user
    if not person.is_authenticated:
        return {"handle": None, "role": None, "csrf": get_token(request)}
    role = "guest" if person.is_guest else "member"
    return {"handle": person.handle, "role": role, "csrf": get_token(request)}


# Accounts and guests.


def create_user(request):
    """Create an account and sign in, for everybody. Body {handle, password}. Return 201 and the session."""
    fields = protocol.check_fields(
        protocol.parse_object(request.body), handle=protocol.check_handle, password=protocol.check_string
    )
    limits.check_address("sign_ups", limits.get_address(request))
    browser = people.get_browser(request)
    people.sign_in(request, people.sign_up(fields["handle"], fields["password"], request.user, browser))
    return JsonResponse(_describe_session(request), status=201)


def create_guest(request):
    """Create a guest and sign in, for everybody. Body {handle}. Return 201 and the session."""
    fields = protocol.check_fields(protocol.parse_object(request.body), handle=protocol.check_handle)
    limits.check_address("guests", limits.get_address(request))
    people.sign_in(request, people.sign_up_guest(fields["handle"], people.get_browser(request)))
    return JsonResponse(_describe_session(request), status=201)


# Tokens.


@signed_in
def list_tokens(request):
    """Return {tokens: [{id, name, created_at}]} of a signed-in person, the oldest first, without their keys."""
    tokens = request.user.tokens.order_by("id")
    return JsonResponse({"tokens": [_describe_token(token) for token in tokens]})


@signed_in
def create_token(request):
    """Create a token, for accounts. Body {name}. Return 201 and the token. Only this response contains its key."""
    fields = protocol.check_fields(protocol.parse_object(request.body), name=protocol.check_string)
    limits.check_event(request.user.id)
    token, key = people.make_token(request.user, fields["name"])
    return JsonResponse({**_describe_token(token), "token": key}, status=201)


@signed_in
def revoke_token(request, token_id):
    """Revoke a token of this person, and close the sockets that use it. Return 204."""
    people.revoke_token(request.user, token_id)
    return HttpResponse(status=204)


def _describe_token(token):
    return {"id": token.id, "name": token.name, "created_at": protocol.format_time(token.created_at)}


session = endpoint(GET=get_session, POST=start_session, DELETE=end_session)
users = endpoint(POST=create_user)
guests = endpoint(POST=create_guest)
tokens = endpoint(GET=list_tokens, POST=create_token)
token = endpoint(DELETE=revoke_token)
