"""The URLs of the site."""

import json
import os

from django.http import HttpResponse
from django.urls import path


def readyz(request):
    return HttpResponse("ready")


def client(request):
    """Return the address of the client, the pid of the worker, and whether the request came over TLS."""
    fields = {"address": request.META["REMOTE_ADDR"], "pid": os.getpid(), "is_secure": request.is_secure()}
    return HttpResponse(json.dumps(fields), content_type="application/json")


def fail(request):
    raise RuntimeError("on purpose")


urlpatterns = [path("readyz", readyz), path("client", client), path("fail", fail)]
