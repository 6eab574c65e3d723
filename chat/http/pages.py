"""
The pages of the lobby, rooms, boards, invitations and operators, and security.txt. Each view reads a request or a form,
asks a service, and answers with a page, a file or a redirect.

This module must not write rows: the services write them. If a view raises a ChatError, chat/http/middleware.py answers
with a page.
"""

import math
from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.http.api.boards import get_session_id
from chat.http.api.rooms import describe_rooms
from chat.http.forms import GuestForm, RoomForm
from chat.http.reads import counts_reads
from chat.protocol import ChatError, encode
from chat.services import boards, directs, entry, invitations, limits, operators, rooms, sign_ups

# The file security.txt says that readers must not trust it after this time. Each response names a new time.
SECURITY_TXT_LIFETIME = timedelta(days=180)
WORKSPACE, PANE = "chat/workspace/page.html", "chat/workspace/pane.html"
# JSON needs these characters only inside strings. Escaped like this, they mean nothing in HTML.
HTML_ESCAPES = {ord(character): f"\\u{ord(character):04X}" for character in "<>&"}


def _get_layout(request):
    """
    Return the template around a pane: the workspace for signed-in people, and None for strangers.

    With `pane=1` in the query, the response is only the pane. A page that is open already requests the pane in this
    way.
    """
    if not request.user.is_authenticated:
        return None
    return PANE if request.GET.get("pane") == "1" else WORKSPACE


@require_safe
@counts_reads
def lobby(request, room_form=None, status=200):
    """
    Show the list of rooms that are not archived, to everybody. Accounts also get a form for a new room.

    Query: `q`, text to search for. Each person sees public rooms and the private rooms that they are a member of.
    """
    text = request.GET.get("q", "").replace("\0", "")[:80].strip()
    found, more = rooms.find_rooms(request.user, text)
    context = {"rooms": describe_rooms(found), "more": more, "q": text, "layout": _get_layout(request)}
    if has_account(request):
        context["room_form"] = room_form or RoomForm()
    response = render(request, "chat/lobby.html", context, status=status)
    response.rows = len(found)
    return response


def create_room(request):
    """
    Create a room from a RoomForm, for accounts. Redirect to the room, or return the lobby with the form's errors.

    A GET request is redirected to the lobby, and a stranger's POST request to the page for signing in.
    """
    if request.method == "GET":
        return redirect("lobby")
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "POST"])
    if not request.user.is_authenticated:
        return redirect("sign_in")
    form = RoomForm(request.POST)

    def create(fields):
        limits.check_address("rooms", limits.get_address(request))
        slug = rooms.make_hidden_slug(fields["slug"]) if fields["private"] else fields["slug"]
        return rooms.create_room(request.user, slug, fields["name"], fields["topic"], fields["private"])

    room = submit(form, create)
    if room is None:
        request.method = "GET"
        return name_wait(lobby(request, room_form=form, status=form.status), form)
    return redirect("room", slug=room.slug)


@never_cache
@require_safe
@counts_reads
def room(request, slug):
    """
    Show a room to people who may read it: 404 if the person may not know of the room, 403 if the room refuses a person
    who knows it.

    The page contains the messages at which the room opens. So browsers and proxies must not keep it.

    A former address of a private room redirects its members. Strangers get a GuestForm instead, whether or not the room
    exists. So this page does not tell strangers which rooms exist.
    """
    if not request.user.is_authenticated:
        context = {"room": {"slug": slug, "name": slug, "topic": ""}, "guest_form": GuestForm(), "next": request.path}
        return render(request, "chat/room.html", {**context, "person": request.user})
    found = rooms.get_readable_room(request.user, slug)
    if found.slug != slug:
        return redirect("room", slug=found.slug)  # a former address
    if found.access == found.DIRECT:
        found.name = directs.name_for(request.user, found)
    context = {"room": found, "person": request.user, "layout": _get_layout(request), "upload_bytes": _most_bytes()}
    view = rooms.get_first_view(request.user, found)
    context["first_view"] = mark_safe(encode(view).translate(HTML_ESCAPES))
    response = render(request, "chat/room.html", context)
    response.rows = len(view["messages"])
    return response


@require_POST
def room_guests(request, slug):
    """
    Open a room to guests (`guests` is `open`) or close it, for its owners and operators, and redirect to the room.

    Strangers are redirected to the page for signing in.
    """
    if not request.user.is_authenticated:
        return redirect("sign_in")
    limits.check_event(request.user.id)
    rooms.set_guests(request.user, slug, request.POST.get("guests") == "open")
    return redirect("room", slug=slug)


@require_POST
def room_address(request, slug):
    """
    Give a private room an address that nobody can guess, for its owners and operators, and redirect to the room.

    Strangers are redirected to the page for signing in.
    """
    if not request.user.is_authenticated:
        return redirect("sign_in")
    limits.check_event(request.user.id)
    return redirect("room", slug=rooms.change_address(request.user, slug).slug)


@never_cache
@require_safe
def board(request, board):
    """
    Show a board to its owner and to every visitor: 404 if there is no open board at this address.

    People without an account are redirected to the page for signing in if the site is closed to guests.

    The page itself asks the API whether this browser may enter. The view puts the browser's secret into its login
    session.
    """
    if not entry.is_admitted(request.user):
        return redirect(f"{reverse('sign_in')}?next={request.path}")
    found = boards.get_board(board)
    owner = boards.find_owner(get_session_id(request, found), request.user)
    context = {"board": found, "room": found.room, "owner": owner, "link": request.build_absolute_uri(request.path)}
    return render(request, "chat/board.html", {**context, "upload_bytes": _most_bytes()})


def _most_bytes():
    """Return how many bytes a file of a message may have. With 0, the page has no button for files."""
    return int(settings.CHAT_UPLOAD_BYTES)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request, key):
    """
    Show the room of an invitation: 404 if the key is not valid.

    For a stranger or a guest, the login session keeps an invitation that lets people create an account. An invitation
    without a room redirects to the page for signing up, and people with an account to the lobby.

    A POST makes a signed-in person a member, and redirects to the room. A GET must not use the invitation, because link
    previews and prefetching send a GET.
    """
    if request.method == "POST" and request.user.is_authenticated:
        limits.check_event(request.user.id)
        return redirect("room", slug=invitations.accept_invitation(request.user, key).slug)
    found = invitations.get_invitation(key)
    if not has_account(request) and invitations.is_for_account(found):
        sign_ups.remember_invitation(request.session, found)
    if found.room is None:
        return redirect("lobby" if has_account(request) else "sign_up")
    context = {"room": found.room, "next": request.path, "guest_form": GuestForm()}
    return render(request, "chat/invitation.html", context)


@require_safe
@counts_reads
def operators_rooms(request):
    """
    Show all rooms of the site to operators: 404 for other people. Strangers are redirected to the page for signing in.

    A socket keeps the list up to date.
    """
    if not request.user.is_authenticated:
        return redirect(f"{reverse('sign_in')}?next={request.path}")
    operators.check_operator(request.user)
    found, more = operators.get_rooms()
    response = render(request, "chat/operators_rooms.html", {"rooms": found, "more": more})
    response.rows = len(found)
    return response


@require_safe
def security_txt(request):
    """Say whom to tell about a vulnerability, in the form of RFC 9116: 404 without the setting SECURITY_CONTACT."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = timezone.now() + SECURITY_TXT_LIFETIME
    lines = [f"Contact: {settings.SECURITY_CONTACT}", f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}"]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


def has_account(request):
    """Return whether an account is signed in: not a guest, and not a stranger."""
    return request.user.is_authenticated and not request.user.is_guest


def submit(form, act):
    """Return what `act(fields)` returns, or None if the form is invalid. Add a ChatError of `act` to the form."""
    if not form.is_valid():
        return None
    try:
        return act(form.cleaned_data)
    except ChatError as error:
        form.add_refusal(error)
        form.is_rate_limited = error.code == "rate_limited"
        form.retry_after = error.retry_after
        return None


def name_wait(response, form):
    """Return the response that shows a form, with the header Retry-After if the form was refused by a rate limit."""
    if form.is_rate_limited and form.retry_after is not None:
        response["Retry-After"] = str(math.ceil(form.retry_after))
    return response
