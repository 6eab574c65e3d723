"""
The pages on which people sign in, enter as a guest, sign out and change their password.

This module must not check passwords or write rows: the services do.
"""

from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat.http.forms import FirstPasswordForm, GuestForm, PasswordForm, SignInForm
from chat.http.next_page import get_next_page, redirect_to_code
from chat.http.pages import has_account, name_wait, submit
from chat.services import limits, people


def _sign_in_view(template, form_class, get_person):
    """
    Return the view of a form that signs the browser in. GET shows the form. POST signs in and redirects to `next`, or
    to the page for the code of the second factor.

    `get_person(request, **fields)` checks the limits, and returns the person. If a POST has errors, the view returns
    the form with 400, or with 429 for a rate limit.
    """

    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request):
        form = form_class(request.POST or None)

        def sign_in(fields):
            is_complete = people.begin_sign_in(request, get_person(request, **fields))
            return redirect(get_next_page(request)) if is_complete else redirect_to_code(request)

        response = submit(form, sign_in) if request.method == "POST" else None
        if response is not None:
            return response
        shown = render(request, template, {"form": form, "next": get_next_page(request)}, status=form.status)
        return name_wait(shown, form)

    return view


def _sign_up_guest(request, handle):
    limits.check_address("guests", limits.get_address(request))
    return people.sign_up_guest(handle, people.get_browser(request))


sign_in = _sign_in_view("chat/sign_in.html", SignInForm, people.check_credentials)
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

    A valid POST also ends the account's other sessions and tokens as `people.change_password` does, and redirects to
    the lobby. If the form has errors, return it.
    """
    if not has_account(request):
        return redirect(f"{reverse('sign_in')}?next={request.path}")
    form_class = PasswordForm if request.user.has_usable_password() else FirstPasswordForm
    form = form_class(request.POST or None)

    def change(fields):
        people.change_password(request, fields.get("old_password"), fields["new_password"])
        return True

    if request.method == "POST" and submit(form, change):
        return redirect("lobby")
    return name_wait(render(request, "chat/password.html", {"form": form, "next": ""}, status=form.status), form)
