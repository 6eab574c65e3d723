"""The JSON API of people: login sessions, accounts and guests."""

from django.http import JsonResponse
from django.middleware.csrf import get_token

from chat import protocol
from chat.http.endpoints import endpoint, get_optional
from chat.models import READ
from chat.protocol import ChatError
from chat.services import limits, people, sign_ups

# Login sessions.


def get_session(request):
    """Return {handle, role, csrf} of this browser's login session. Without a login, `handle` and `role` are null."""
    return JsonResponse(_describe_session(request))


def start_session(request):
    """
    Sign in, for everybody. Body {handle, password, code?}. Return the session.

    Raise `not_signed_in` (401) if the handle or the password is wrong, or if the person may not sign in with a
    password; `second_factor_required` (401) if the account needs a `code`, or if the code is wrong; `rate_limited`
    after too many attempts.
    """
    body = protocol.parse_object(request.body)
    fields = protocol.check_fields(body, handle=protocol.check_string, password=protocol.check_string)
    person = people.check_credentials(request, fields["handle"], fields["password"])
    if not people.begin_sign_in(request, person, get_optional(body, "code", protocol.check_string)):
        raise ChatError("second_factor_required", "Give a code of your app, or a recovery code, in 'code'.")
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
    """
    Create an account and sign in, for everybody who may have one. Body {handle, password, invitation?};
    `invitation` is the key of an invitation. Return 201 and the session.
    """
    given = protocol.parse_object(request.body)
    fields = protocol.check_fields(given, handle=protocol.check_handle, password=protocol.check_string)
    limits.check_address("sign_ups", limits.get_address(request))
    key = get_optional(given, "invitation", protocol.check_string)
    invitation = sign_ups.get_invitation(key) if key is not None else None
    people.sign_in(request, sign_ups.sign_up(request, fields["handle"], fields["password"], invitation))
    return JsonResponse(_describe_session(request), status=201)


def create_guest(request):
    """Create a guest and sign in, for everybody if guests may enter. Body {handle}. Return 201 and the session."""
    fields = protocol.check_fields(protocol.parse_object(request.body), handle=protocol.check_handle)
    limits.check_address("guests", limits.get_address(request))
    people.sign_in(request, people.sign_up_guest(fields["handle"], people.get_browser(request)))
    return JsonResponse(_describe_session(request), status=201)


session = endpoint(GET=(READ, get_session), POST=start_session, DELETE=end_session)
users = endpoint(POST=create_user)
guests = endpoint(POST=create_guest)
