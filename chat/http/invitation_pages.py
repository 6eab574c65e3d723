"""
The page of links for new accounts: operators, and accounts with CHAT_MEMBERS_INVITE, make and revoke such links.

This module must not decide who may invite: `account_invitations` does.
"""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from chat.http.entry_forms import InvitationForm
from chat.http.pages import name_wait, submit
from chat.services import account_invitations, budgets, limits

DAY_SECONDS = 24 * 3600


def _to_sign_in():
    return redirect(f"{reverse('sign_in')}?next={reverse('invitations')}")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request):
    """
    Show a person's open links for accounts (to operators, everybody's), and create one: 403 for people who may not
    invite.

    Only the page after the POST shows the new link. Strangers are redirected to the page for signing in.
    """
    if not request.user.is_authenticated:
        return _to_sign_in()
    account_invitations.check_can_make(request.user)
    if request.method == "POST":
        limits.check_event(request.user.id)
    form = InvitationForm(request.POST or None)
    if not request.user.is_staff:
        del form.fields["handle"]

    def create(fields):
        budgets.check("invitations", request.user.id)
        _, key = account_invitations.make_invitation(
            request.user, fields["room"], fields.get("handle"), fields["uses"], fields["days"] * DAY_SECONDS
        )
        return request.build_absolute_uri(reverse("invitation", kwargs={"key": key}))

    url = submit(form, create) if request.method == "POST" else None
    context = {"form": form if url is None else type(form)(), "url": url}
    if not request.user.is_staff:
        context["form"].fields.pop("handle", None)
    context["invitations"] = account_invitations.list_open(request.user)
    return name_wait(render(request, "chat/invitations.html", context, status=200 if url else form.status), form)


@require_POST
def revoke(request, invitation_id):
    """Revoke a link for accounts, and redirect to the page of the links. Strangers are redirected to sign in."""
    if not request.user.is_authenticated:
        return _to_sign_in()
    limits.check_event(request.user.id)
    account_invitations.revoke(request.user, invitation_id)
    messages.success(request, gettext("The link is revoked."))
    return redirect("invitations")
