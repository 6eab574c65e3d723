"""The pages."""

import json
import os

from django.http import HttpResponse

import channels_transport


def index(request):
    """Return a page."""
    return HttpResponse("Rooms in which everybody talks")


def count(request):
    """Count the visits of a browser in its session."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


def length(request):
    """Return the length of a request's body."""
    return HttpResponse(str(len(request.body)))


def where(request):
    """Return what the interface says about a request, and which code answers it."""
    fields = {
        "address": request.META["REMOTE_ADDR"],
        "is_secure": request.is_secure(),
        "package": channels_transport.__file__,
        "path": request.path,
        "root": request.META.get("SCRIPT_NAME", ""),
        "worker": os.getpid(),
    }
    return HttpResponse(json.dumps(fields), content_type="application/json")
