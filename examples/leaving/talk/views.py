"""The pages: log in, say who is logged in, and messages for clients that poll."""

from django.contrib.auth import authenticate, login
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token

from talk.storing import backlog


def log_in(request):
    """Return a token for the form, or log in with `username` and `password`."""
    if request.method != "POST":
        return HttpResponse(get_token(request))
    user = authenticate(request, username=request.POST["username"], password=request.POST["password"])
    if user is None:
        return HttpResponse("wrong", status=403)
    login(request, user)
    return HttpResponse("welcome")


def who(request):
    """Return the name of the user and the number of visits, which the session counts."""
    name = request.user.username or "nobody"
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(f"{name} {request.session['visits']}")


def messages(request, room):
    """Return the frames of a room after `?after=`, for a client without a websocket."""
    return JsonResponse(backlog(room, int(request.GET.get("after", 0))), safe=False)
