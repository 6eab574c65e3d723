"""The URLs of the plain site."""

from django.contrib.auth import authenticate, login
from django.http import HttpResponse
from django.urls import path


def hello(request):
    return HttpResponse(f"Hello {request.user}, {request.GET.get('name', 'nobody')}")


def log_in(request):
    login(request, authenticate(username="alice", password="secret"))
    return HttpResponse("done")


urlpatterns = [path("hello/", hello), path("login/", log_in)]
