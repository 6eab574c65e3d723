"""
The pages of a sign-in with OpenID Connect: to the provider, back from it, and a new account or a connected one.

The browser goes to the provider by a link and not by a form, because the policy of the pages lets forms go only to this
site. So anybody can make a browser begin a sign-in. Only the page `new` changes anything for a person whom this site
does not know yet, and that page has a form. This module must not write rows.
"""

import math

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from chat.http.entry_forms import ConnectForm, HandleForm
from chat.http.next_page import get_next_page, redirect_to_code
from chat.http.pages import has_account, name_wait, submit
from chat.http.responses import STATUSES, translate_detail
from chat.http.sign_up_pages import find_page_after, find_refusal
from chat.protocol import ChatError
from chat.services import limits, people, sign_ups
from chat.services.people import openid

PURPOSES = ("connect", "recent")


def _get_redirect_uri(request):
    path = reverse("openid_callback")
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


def _fail(request, error, next_page):
    """Return the page of a failed sign-in, which says what to do and offers another attempt."""
    context = {"detail": translate_detail(error), "next": next_page}
    response = render(request, "chat/openid_failed.html", context, status=STATUSES.get(error.code, 400))
    if error.retry_after is not None:
        response["Retry-After"] = str(math.ceil(error.retry_after))
    return response


@never_cache
@require_safe
def start(request):
    """
    Redirect to the provider. Raise Http404 without OpenID Connect.

    Query: `next`: the page to open afterwards; `purpose`: `connect` to connect the account that is signed in, or
    `recent` to prove who is signed in.
    """
    if not openid.is_enabled():
        raise Http404
    purpose = request.GET.get("purpose")
    purpose = purpose if purpose in PURPOSES and has_account(request) else "sign-in"
    next_page = get_next_page(request)
    try:
        limits.check_sign_in_without_password(limits.get_address(request))
        return redirect(openid.start(request.session, _get_redirect_uri(request), next_page, purpose))
    except ChatError as error:
        return _fail(request, error, next_page)


@never_cache
@require_safe
def callback(request):
    """
    Sign in the person whom the provider names, and redirect to the next page, or to the page for the code of the second
    factor. Raise Http404 without OpenID Connect.

    A person whom this site does not know yet is redirected to the page `new`. For a person who is signed in already and
    proves this again (`recent`), the login session keeps the proof.
    """
    if not openid.is_enabled():
        raise Http404
    try:
        identity = openid.finish(request.session, _get_redirect_uri(request), request.GET.dict())
        person = openid.find_person(identity)
        _check_same_person(request, identity, person)
    except ChatError as error:
        return _fail(request, error, reverse("lobby"))
    if person is None:
        openid.keep_pending(request.session, identity)
        return redirect("openid_new")
    if not request.user.is_authenticated or request.user.id != person.id:
        # A person who has a second factor here needs it too, even if the provider has asked for one.
        if not people.begin_sign_in(request, person):
            return redirect_to_code(request, identity.next_page)
    elif identity.purpose == "recent":
        people.keep_recent(request.session, person.id)
    return redirect(identity.next_page)


def _check_same_person(request, identity, person):
    """Raise `forbidden` if a signed-in person has signed in at the provider as somebody else."""
    if identity.purpose == "sign-in" or not has_account(request):
        return
    is_other = person is not None and person.id != request.user.id
    if is_other or (person is None and identity.purpose == "recent"):
        raise ChatError(
            "forbidden",
            "At %(name)s, you have signed in with an account that does not belong to you here. Choose your own account"
            " there.",
            name=settings.OIDC_NAME,
        )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request):
    """
    Create an account for a person who has just signed in at the provider, or connect the account that is signed in.

    Without such a person, redirect to the page for signing in.
    """
    identity = openid.read_pending(request.session) if openid.is_enabled() else None
    if identity is None:
        return redirect("sign_in")
    return _connect(request, identity) if has_account(request) else _sign_up(request, identity)


def _connect(request, identity):
    form = ConnectForm(request.POST or None)

    def connect(fields):
        openid.connect(request, identity, fields["password"])
        return True

    if request.method == "POST" and submit(form, connect):
        openid.forget_pending(request.session)
        messages.success(request, gettext("You can now sign in with %(name)s.") % {"name": settings.OIDC_NAME})
        return redirect("settings")
    context = {"form": form, "names": identity.names[:1]}
    return name_wait(render(request, "chat/openid_connect.html", context, status=form.status), form)


def _sign_up(request, identity):
    invitation = sign_ups.find_invitation(request.session)
    handle = (invitation.handle if invitation else None) or openid.suggest_handle(identity.names)
    form = HandleForm(request.POST or None, initial={"handle": handle})

    def create(fields):
        limits.check_address("sign_ups", limits.get_address(request))
        person = sign_ups.sign_up_with_openid(request, identity, fields["handle"], invitation)
        people.sign_in(request, person)
        return True

    if request.method == "POST" and submit(form, create):
        openid.forget_pending(request.session)
        return redirect(find_page_after(request, invitation, with_openid=True, usual=identity.next_page))
    context = {"form": form, "refusal": find_refusal(invitation, with_openid=True), "next": reverse("openid_new")}
    return name_wait(render(request, "chat/openid_new.html", context, status=form.status), form)
