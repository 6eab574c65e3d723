"""The JSON API of people: sessions, accounts, guests and tokens."""

from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token

from chat import protocol
from chat.http.endpoints import address, endpoint, signed_in
from chat.protocol import ChatError
from chat.services import limits, people


def _session_body(request):
    person = request.user
    if not person.is_authenticated:
        return {"handle": None, "role": None, "csrf": get_token(request)}
    role = "guest" if person.is_guest else "member"
    return {"handle": person.handle, "role": role, "csrf": get_token(request)}


def get_session(request):
    return JsonResponse(_session_body(request))


def start_session(request):
    fields = protocol.check_fields(
        protocol.parse_object(request.body), handle=protocol.check_string, password=protocol.check_string
    )
    limits.check_address("sign_ins", address(request))
    person = people.find_person(fields["handle"], fields["password"])
    if person is None:
        raise ChatError("not_signed_in", "There is no account with this handle and password.")
    people.sign_in(request, person)
    return JsonResponse(_session_body(request))


def end_session(request):
    people.sign_out(request)
    return JsonResponse(_session_body(request))


def create_user(request):
    fields = protocol.check_fields(
        protocol.parse_object(request.body), handle=protocol.check_handle, password=protocol.check_string
    )
    limits.check_address("sign_ups", address(request))
    people.sign_in(request, people.sign_up(fields["handle"], fields["password"], request.user))
    return JsonResponse(_session_body(request), status=201)


def create_guest(request):
    fields = protocol.check_fields(protocol.parse_object(request.body), handle=protocol.check_handle)
    limits.check_address("guests", address(request))
    people.sign_in(request, people.sign_up_guest(fields["handle"]))
    return JsonResponse(_session_body(request), status=201)


@signed_in
def list_tokens(request):
    tokens = request.user.tokens.order_by("id")
    return JsonResponse({"tokens": [_token_body(token) for token in tokens]})


@signed_in
def create_token(request):
    fields = protocol.check_fields(protocol.parse_object(request.body), name=protocol.check_string)
    limits.check_event(request.user.id)
    token, key = people.make_token(request.user, fields["name"])
    return JsonResponse({**_token_body(token), "token": key}, status=201)


@signed_in
def revoke_token(request, token_id):
    people.revoke_token(request.user, token_id)
    return HttpResponse(status=204)


def _token_body(token):
    return {"id": token.id, "name": token.name, "created_at": protocol.format_time(token.created_at)}


session = endpoint(GET=get_session, POST=start_session, DELETE=end_session)
users = endpoint(POST=create_user)
guests = endpoint(POST=create_guest)
tokens = endpoint(GET=list_tokens, POST=create_token)
token = endpoint(DELETE=revoke_token)
