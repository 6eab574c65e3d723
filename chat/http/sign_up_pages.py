"""
The page on which people create an account with a password, or continue with OpenID Connect.

This module must not decide who may have an account: `sign_ups` does.
"""

from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from chat.http.email_pages import offer_email
from chat.http.forms import SignUpForm
from chat.http.next_page import get_next_page
from chat.http.pages import name_wait, submit
from chat.http.responses import translate_detail
from chat.models import Invitation
from chat.protocol import ChatError
from chat.services import entry, limits, people, sign_ups


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request):
    """
    Show the form for an account, or say in one sentence what to do instead. A POST signs up, signs in and redirects.

    A browser that has opened the link of an invitation uses it here, if the sign-up needs it.
    """
    invitation = sign_ups.find_invitation(request.session)
    form = SignUpForm(request.POST or None, initial={"handle": invitation.handle if invitation else None})

    def create(fields):
        limits.check_address("sign_ups", limits.get_address(request))
        email = people.check_email(fields.get("email", ""))
        person = sign_ups.sign_up(request, fields["handle"], fields["password"], invitation)
        if email:
            offer_email(request, person, email)
        people.sign_in(request, person)
        return True

    if request.method == "POST" and submit(form, create):
        return redirect(find_page_after(request, invitation))
    context = {
        "form": form,
        "next": get_next_page(request),
        "refusal": find_refusal(invitation),
        "openid_refusal": find_refusal(invitation, with_openid=True),
        "invitation": invitation,
    }
    return name_wait(render(request, "chat/sign_up.html", context, status=form.status), form)


def find_refusal(invitation: Invitation | None, with_openid: bool = False) -> str | None:
    """Return the sentence for a person who may not create an account, or None."""
    try:
        entry.check_may_sign_up(invitation is not None, with_openid)
    except ChatError as error:
        return translate_detail(error)
    return None


def find_page_after(
    request: HttpRequest, invitation: Invitation | None, with_openid: bool = False, usual: str | None = None
) -> str:
    """
    Return the page that follows a sign-up: the room of the invitation that it used, or else the usual next page.

    Forget a used invitation in the session. Its link may have no use left, so the sign-up must not lead to it.
    """
    if invitation is None or not sign_ups.is_needed(invitation, with_openid):
        return usual or get_next_page(request)
    sign_ups.forget_invitation(request.session)
    return reverse("room", args=[invitation.room.slug]) if invitation.room else reverse("lobby")
