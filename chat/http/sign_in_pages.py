"""
The pages on which people sign in, sign up, enter as a guest, sign out and change their password.

This module must not check passwords or write rows: the services do.
"""

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import is_safe_url
from django.views.decorators.http import require_http_methods, require_POST

from chat.http.forms import GuestForm, PasswordForm, SignInForm, SignUpForm
from chat.http.pages import has_account, submit
from chat.services import limits, people


def _sign_in_view(template, form_class, get_person):
    """
    Return the view of a form that signs the browser in: GET shows it, POST signs in and redirects to `next`.

    `get_person(request, **fields)` checks the limits, and returns the person. If a POST has errors, the view returns
    the form with 400, or with 429 for a rate limit.
    """

    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request):
        form = form_class(request.POST or None)

        def sign_in(fields):
            people.sign_in(request, get_person(request, **fields))
            return True

        if request.method == "POST" and submit(form, sign_in):
            return redirect(_get_next_page(request))
        return render(request, template, {"form": form, "next": _get_next_page(request)}, status=form.status)

    return view


def _sign_up(request, handle, password):
    limits.check_address("sign_ups", limits.get_address(request))
    return people.sign_up(handle, password, request.user, people.get_browser(request))


def _sign_up_guest(request, handle):
    limits.check_address("guests", limits.get_address(request))
    return people.sign_up_guest(handle, people.get_browser(request))


sign_in = _sign_in_view("chat/sign_in.html", SignInForm, people.check_credentials)
sign_up = _sign_in_view("chat/sign_up.html", SignUpForm, _sign_up)
guest = _sign_in_view("chat/guest.html", GuestForm, _sign_up_guest)


@require_POST
def sign_out(request):
    """Sign the browser out, and redirect to the lobby. Accounts, guests and strangers may call this."""
    people.sign_out(request)
    return redirect("lobby")


@require_http_methods(["GET", "HEAD", "POST"])
def password(request):
    """
    Show and handle the form that changes an account's password. Redirect other people to the page for signing in.

    A valid POST ends the account's other sessions and redirects to the lobby. If the form has errors, return it.
    """
    if not has_account(request):
        return redirect(f"{reverse('sign_in')}?next={request.path}")
    form = PasswordForm(request.POST or None)

    def change(fields):
        people.change_password(request, fields["old_password"], fields["new_password"])
        return True

    if request.method == "POST" and submit(form, change):
        return redirect("lobby")
    return render(request, "chat/password.html", {"form": form, "next": ""}, status=form.status)


def _get_next_page(request):
    """Return the address of the next page: `next` if it is on this site, else the lobby."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    return target if is_safe_url(target, allowed_hosts={request.get_host()}) else reverse("lobby")
