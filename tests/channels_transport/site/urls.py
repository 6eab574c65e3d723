"""The URLs of the site."""

import json
import os

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from channels_transport import StoredFileResponse
from channels_transport.uploads import ASK, accept_upload, get_upload
from tests.channels_transport.site import files


def readyz(request):
    return HttpResponse("ready")


def client(request):
    """Return the address of the client, the pid of the worker, and whether the request came over TLS."""
    fields = {"address": request.META["REMOTE_ADDR"], "pid": os.getpid(), "is_secure": request.is_secure()}
    return HttpResponse(json.dumps(fields), content_type="application/json")


def fail(request):
    raise RuntimeError("on purpose")


@csrf_exempt
def upload(request, name):
    """Store an upload under its name, and answer with what the view knows about it. Refuse the name `refused`."""
    upload = get_upload(request)
    if upload is None or name == "refused":
        return HttpResponse("refused", status=403)
    if upload.stage == ASK:
        return accept_upload(name, files.MOST_BYTES)
    status = 413 if upload.code else 201
    return HttpResponse(json.dumps(vars(upload)), content_type="application/json", status=status)


def download(request, name):
    """Return a stored file."""
    return StoredFileResponse(name, 0, files.find_path(name).stat().st_size, files.read)


urlpatterns = [
    path("readyz", readyz),
    path("client", client),
    path("fail", fail),
    path("upload/<name>", upload),
    path("download/<name>", download),
]
