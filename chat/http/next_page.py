"""Which page follows a sign-in: the page that the browser asked for, or first the page for a code."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from chat.http.own_addresses import is_own_address


def get_next_page(request: HttpRequest) -> str:
    """Return the address of the next page: `next` if it is on this site, else the lobby."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    return target if is_own_address(target) else reverse("lobby")


def redirect_to_code(request: HttpRequest, next_page: str | None = None) -> HttpResponse:
    """Redirect to the page for the code of a second factor, which leads to the next page."""
    query = urlencode({"next": get_next_page(request) if next_page is None else next_page})
    return redirect(f"{reverse('sign_in_code')}?{query}")
