"""The pages. Thin: a form in, a service asked, a page or a redirect out."""

import sys

from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import is_safe_url
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from channels_transport import OUTAGES
from chat.http.api.boards import get_session_id
from chat.http.api.rooms import describe_rooms
from chat.http.endpoints import address
from chat.http.forms import GuestForm, PasswordForm, RoomForm, SignInForm, SignUpForm
from chat.http.responses import error_response, outage_response
from chat.protocol import ChatError
from chat.services import boards, invitations, limits, operators, people, rooms
from chat.version import CLIENT_VERSION


def client_version(request):
    """The version of the scripts, for every template."""
    return {"client_version": CLIENT_VERSION}


@require_safe
def lobby(request, room_form=None, status=200):
    text = request.GET.get("q", "").replace("\0", "")[:80].strip()
    found, more = rooms.find_rooms(request.user, text)
    context = {"rooms": describe_rooms(found), "more": more, "q": text}
    if request.user.is_authenticated and not request.user.is_guest:
        context["room_form"] = room_form or RoomForm()
    return render(request, "chat/lobby.html", context, status=status)


def create_room(request):
    if request.method == "GET":
        return redirect("lobby")
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "POST"])
    if not request.user.is_authenticated:
        return redirect("sign_in")
    form = RoomForm(request.POST)

    def create(fields):
        limits.check_address("rooms", address(request))
        return rooms.create_room(request.user, fields["slug"], fields["name"], fields["topic"], fields["private"])

    room = _submit(form, create)
    if room is None:
        request.method = "GET"
        return lobby(request, room_form=form, status=400)
    return redirect("room", slug=room.slug)


@require_safe
def room(request, slug):
    if not request.user.is_authenticated:
        # Whether the room exists is for people who came in: strangers see the same page for every address.
        context = {"room": {"slug": slug, "name": slug, "topic": ""}, "guest_form": GuestForm(), "next": request.path}
        return render(request, "chat/room.html", {**context, "person": request.user})
    found = rooms.get_readable_room(request.user, slug)
    return render(request, "chat/room.html", {"room": found, "person": request.user})


@never_cache
@require_safe
def board(request, board):
    """The page of a board, for its owner and for visitors; it asks by itself how they stand."""
    found = boards.get_board(board)
    owner = boards.find_owner(get_session_id(request, found), request.user)
    context = {"board": found, "room": found.room, "owner": owner, "link": request.build_absolute_uri(request.path)}
    return render(request, "chat/board.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request, key):
    """Names the room, and lets in by a button: previews and prefetching follow links, and must not use them up."""
    if request.method == "POST" and request.user.is_authenticated:
        return redirect("room", slug=invitations.accept_invitation(request.user, key).slug)
    invited_to = invitations.get_invitation(key).room
    context = {"room": invited_to, "next": request.path, "guest_form": GuestForm()}
    return render(request, "chat/invitation.html", context)


@require_safe
def operators_rooms(request):
    """All rooms, for operators; the page goes on by its socket."""
    if not request.user.is_authenticated:
        return redirect(f"{reverse('sign_in')}?next={request.path}")
    operators.check_operator(request.user)
    found, more = operators.get_rooms()
    return render(request, "chat/operators_rooms.html", {"rooms": found, "more": more})


def _person_view(template, form_class, act, kind):
    """Makes the view of a form after which the browser's session is somebody's."""

    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request):
        form = form_class(request.POST or None)

        def enter(fields):
            limits.check_address(kind, address(request))
            people.sign_in(request, act(request, **fields))
            return True

        if request.method == "POST" and _submit(form, enter):
            return redirect(_next_page(request))
        status = 400 if form.is_bound else 200
        return render(request, template, {"form": form, "next": _next_page(request)}, status=status)

    return view


def _find_person(request, handle, password):
    person = people.find_person(handle, password)
    if person is None:
        raise ChatError("not_signed_in", "There is no account with this handle and password.")
    return person


def _sign_up(request, handle, password):
    return people.sign_up(handle, password, request.user)


def _sign_up_guest(request, handle):
    return people.sign_up_guest(handle)


sign_in = _person_view("chat/sign_in.html", SignInForm, _find_person, "sign_ins")
sign_up = _person_view("chat/sign_up.html", SignUpForm, _sign_up, "sign_ups")
guest = _person_view("chat/guest.html", GuestForm, _sign_up_guest, "guests")


@require_POST
def sign_out(request):
    people.sign_out(request)
    return redirect("lobby")


@require_http_methods(["GET", "HEAD", "POST"])
def password(request):
    if not request.user.is_authenticated or request.user.is_guest:
        return redirect(f"{reverse('sign_in')}?next={request.path}")
    form = PasswordForm(request.POST or None)

    def change(fields):
        limits.check_address("sign_ins", address(request))
        people.change_password(request, fields["old_password"], fields["new_password"])
        return True

    if request.method == "POST" and _submit(form, change):
        return redirect("lobby")
    return render(request, "chat/password.html", {"form": form, "next": ""}, status=400 if form.is_bound else 200)


def _submit(form, act):
    """Returns what `act(fields)` returns, or None with the form's errors saying why not."""
    if not form.is_valid():
        return None
    try:
        return act(form.cleaned_data)
    except ChatError as refusal:
        form.add_error(None, refusal.detail)
        return None


def _next_page(request):
    target = request.POST.get("next") or request.GET.get("next") or ""
    return target if is_safe_url(target, allowed_hosts={request.get_host()}) else reverse("lobby")


# Errors, as the API or a page words them.


def csrf_failed(request, reason=""):
    detail = "This page was open for too long, or cookies are off. Go back, reload, and try again."
    return error_response(request, ChatError("csrf_failed", detail))


def bad_request(request, exception=None):
    return error_response(request, ChatError("invalid_field", "The server does not understand this request."))


def forbidden(request, exception=None):
    return error_response(request, ChatError("forbidden", "You may not do that."))


def not_found(request, exception=None):
    return error_response(request, ChatError("not_found", "There is nothing at this address."))


def failed(request):
    # Django calls this while it handles what was raised, perhaps by a middleware.
    error = sys.exc_info()[1]
    if isinstance(error, OUTAGES):
        return outage_response(request, error)
    return error_response(request, ChatError("internal", "This failed, and it is our fault."))
