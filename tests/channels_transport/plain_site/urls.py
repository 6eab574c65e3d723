"""The URLs of the plain site. They use `url`, because Django 1.11 has no `path`."""

from django.conf.urls import url
from django.contrib.auth import authenticate, login
from django.http import HttpResponse


def hello(request):
    return HttpResponse(f"Hello {request.user}, {request.GET.get('name', 'nobody')}")


def log_in(request):
    login(request, authenticate(username="alice", password="secret"))
    return HttpResponse("done")


urlpatterns = [url("^hello/$", hello), url("^login/$", log_in)]
