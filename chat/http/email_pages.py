"""
The pages of e-mail: confirm an address, ask for a new password, and choose one with the link in a mail.

Without a mail server, none of them exists. This module must not send mails or write rows: the services do.
"""

import functools

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from chat.http.pages import has_account, name_wait, submit
from chat.http.responses import translate_detail
from chat.http.security_forms import ForgottenPasswordForm, NewPasswordForm
from chat.protocol import ChatError
from chat.services import limits, mails, people


def _page_of_mail(view):
    """Decorate a view for GET and POST that exists only with a mail server. Browsers and proxies do not store it."""

    @functools.wraps(view)
    def inner(request, *args, **kwargs):
        if not mails.is_mail_on():
            raise Http404
        return view(request, *args, **kwargs)

    return never_cache(require_http_methods(["GET", "HEAD", "POST"])(inner))


def offer_email(request, person, address):
    """Send a link to the e-mail address of a new account. The account stays if the mail cannot be requested."""
    try:
        people.request_verification(request, person, address)
    except ChatError as error:
        messages.warning(request, translate_detail(error))


def get_sent_text():
    """Return the sentence that says that a mail with a link is under way."""
    return gettext("A mail with a link is under way. Open the link to confirm the address.")


@_page_of_mail
def confirm_email(request, secret):
    """
    Show the address that a link confirms, with a button. A POST confirms it, and redirects to the settings. People
    without an account are redirected to the page for signing in.

    Only the account that entered the address can confirm it: otherwise a wrong address would give a stranger access. A
    GET changes nothing, because programs that check mails open their links.
    """
    if not has_account(request):
        return redirect(f"{reverse('sign_in')}?next={request.path}")
    email = people.find_unverified(request.user, secret)
    if request.method == "POST" or email is None:
        limits.check_event(request.user.id)
        people.verify_email(request, secret)  # raises the error of a link that is not valid
        messages.success(request, gettext("Your e-mail address is confirmed."))
        return redirect("settings")
    return render(request, "chat/email/confirm.html", {"email": email})


@_page_of_mail
def forgotten_password(request):
    """Show the form that asks for a new password. The response to a POST does not depend on the account."""
    form = ForgottenPasswordForm(request.POST or None)

    def ask(fields):
        people.request_reset(request, fields["whom"])
        return True

    is_sent = request.method == "POST" and submit(form, ask) is not None
    context = {"form": form, "is_sent": is_sent}
    status = 200 if is_sent else form.status
    return name_wait(render(request, "chat/email/forgotten.html", context, status=status), form)


@_page_of_mail
def reset_password(request, person_id, token):
    """Show the form of a new password for a valid link. A POST stores it, and redirects to the page for signing in."""
    person = people.get_reset_person(person_id, token)
    form = NewPasswordForm(request.POST or None)

    def reset(fields):
        people.reset_password(request, person_id, token, fields["new_password"])
        return True

    if request.method == "POST" and submit(form, reset):
        messages.success(request, gettext("Your password is changed. Sign in with the new one."))
        return redirect("sign_in")
    context = {"form": form, "handle": person.handle}
    return name_wait(render(request, "chat/email/reset.html", context, status=form.status), form)
