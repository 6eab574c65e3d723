"""
The HTTP JSON API: the wire's codes and shapes over requests. Thin: it reads, asks the services, and answers.

What a view raises (`Refused`) becomes its error answer in chat/middleware.py.
"""
import contextlib
import functools

from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token

from chat import protocol
from chat.protocol import Refused
from chat.responses import refuse, refuse_flood
from chat.services import limits, people, presence, rooms

ROOMS_PER_PAGE = 50
MOST_PAGES = 10000


def endpoint(**methods):
    """Makes one view of a function per HTTP method."""

    def view(request, *args, **kwargs):
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            response = refuse(request, Refused("method_not_allowed", f"Use {', '.join(sorted(methods))}."))
            response["Allow"] = ", ".join(sorted(methods))
            return response
        return handler(request, *args, **kwargs)

    return view


def signed_in(function):
    """Refuses whoever has neither signed in nor picked a handle."""

    @functools.wraps(function)
    def inner(request, *args, **kwargs):
        if not request.user.is_authenticated:
            raise Refused("not_signed_in", "Sign in, or pick a handle as a guest.")
        return function(request, *args, **kwargs)

    return inner


@contextlib.contextmanager
def asked_with(ref):
    """What is refused within it was asked for with a client's `ref`, and the answer names it."""
    try:
        yield
    except protocol.Dismissed:
        raise refuse_flood(ref) from None
    except Refused as refusal:
        refusal.ref = ref
        raise


def address(request):
    """Returns the client's address, as the interface (and the proxies that it trusts) saw it."""
    return request.META.get("REMOTE_ADDR", "unknown")


# Who one is.


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
        raise Refused("not_signed_in", "There is no account with this handle and password.")
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


# Rooms and messages.


def list_rooms(request):
    text = protocol.check_text(request.GET.get("q", ""), "q", most=80, least=0)
    found, more = rooms.find_rooms(request.user, text, page_number(request), ROOMS_PER_PAGE)
    return JsonResponse({"rooms": describe_rooms(found), "more": more})


def describe_rooms(found):
    """Returns rooms as the lobby's list has them."""
    online = presence.count_present([room.id for room in found])
    return [
        {
            "slug": room.slug, "name": room.name, "topic": room.topic, "offset": room.offset,
            "online": count, "last_at": protocol.format_time(room.last_at),
            **({"private": True} if room.access == room.PRIVATE else {}),
        }
        for room, count in zip(found, online, strict=True)
    ]  # fmt: skip


@signed_in
def create_room(request):
    fields = protocol.parse_object(request.body)
    checked = protocol.check_fields(fields, slug=protocol.check_slug, name=protocol.check_room_name)
    topic = protocol.check_topic("" if fields.get("topic") is None else fields["topic"])
    is_private = protocol.check_switch(fields.get("private", False), "private")
    limits.check_address("rooms", address(request))
    room = rooms.create_room(request.user, checked["slug"], checked["name"], topic, is_private)
    return JsonResponse(describe_rooms([room])[0], status=201)


@signed_in
def list_messages(request, slug):
    room = rooms.get_readable_room(request.user, slug)
    limit = _parameter(request, "limit", protocol.check_limit, protocol.NEWEST)
    if "after" in request.GET and "before" in request.GET:
        raise Refused("invalid_field", "Give 'after' or 'before', not both.")
    if "after" in request.GET:
        changes = rooms.get_changes(room, _parameter(request, "after", protocol.check_integer), limit)
        return JsonResponse({"messages": changes.messages, "offset": changes.offset, "more": changes.more})
    before = _parameter(request, "before", protocol.check_integer)
    messages, more = rooms.get_page(room, before, limit)
    return JsonResponse({"messages": messages, "offset": room.offset, "more": more})


@signed_in
def create_message(request, slug):
    event = protocol.read_event(protocol.parse_object(request.body), protocol.Post)
    with asked_with(event.ref):
        limits.check_event(request.user.id, event.ref)
        member = rooms.join_room(request.user, slug)
        outcome = rooms.post_message(member, event)
    body = {name: outcome.ack[name] for name in ("ref", "id", "offset")}
    return JsonResponse(body, status=201 if outcome.is_new else 200)


def page_number(request):
    """Returns which page of a list is asked for, from 0. Raises `invalid_field`."""
    return min(_parameter(request, "page", protocol.check_integer, 0), MOST_PAGES)


def _parameter(request, name, check, default=None):
    if name not in request.GET:
        return default
    return check(protocol.parse_integer(request.GET[name]), name)


session = endpoint(GET=get_session, POST=start_session, DELETE=end_session)
users = endpoint(POST=create_user)
guests = endpoint(POST=create_guest)
tokens = endpoint(GET=list_tokens, POST=create_token)
token = endpoint(DELETE=revoke_token)
rooms_list = endpoint(GET=list_rooms, POST=create_room)
messages = endpoint(GET=list_messages, POST=create_message)


def unknown(request):
    raise Refused("not_found", "There is nothing at this address.")
