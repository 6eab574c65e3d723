"""
The pages of the second factor: the code at a sign-in, the set-up of an app, and recovery codes.

All of them work without JavaScript. This module must not check codes or write rows: the services do.
"""

from urllib.parse import urlsplit

import segno
from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.http.next_page import get_next_page
from chat.http.pages import has_account, name_wait, submit
from chat.http.security_forms import CodeForm, NewAppForm, ProofForm, RecoveryCodeForm
from chat.services import limits, people

FEW_CODES = 3  # a person with at most this many recovery codes is told to make new ones
QUIET_ZONE = 4  # modules of white around a QR code, which the standard requires


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request):
    """
    Show and check the form for the code, if this browser has proved who signs in, and only the code is missing.
    Otherwise redirect to the sign-in page.

    With `recovery=1` in the query, the form is for a recovery code. A correct code signs the person in, and redirects
    to `next`. After a recovery code of which few are left, redirect to the page that makes new ones.
    """
    person, next_page = people.find_pending(request), get_next_page(request)
    if person is None:
        return redirect(f"{reverse('sign_in')}?next={next_page}")
    is_recovery = request.GET.get("recovery") == "1"
    form = (RecoveryCodeForm if is_recovery else CodeForm)(request.POST or None)
    if request.method == "POST" and submit(form, lambda fields: people.finish_sign_in(request, fields["code"])):
        return redirect(_find_page_after(request, person, next_page) if is_recovery else next_page)
    context = {"form": form, "next": next_page, "is_recovery": is_recovery, "handle": person.handle}
    return name_wait(render(request, "chat/second_factor/code.html", context, status=form.status), form)


def _find_page_after(request, person, next_page):
    """
    Return the page after a sign-in with a recovery code: `next_page`.

    If few codes are left, add a warning, and return the page that makes new ones.
    """
    left = people.count_codes(person)
    if left > FEW_CODES:
        return next_page
    text = ngettext(
        "You have only %(number)s recovery code left.", "You have only %(number)s recovery codes left.", left
    )
    messages.warning(request, text % {"number": left} if left else gettext("You have no recovery codes left."))
    return reverse("second_factor")


@never_cache
@require_safe
def second_factor(request):
    """Show the state of the second factor of an account. Redirect guests and strangers to the sign-in page."""
    return _show(request) if has_account(request) else _to_sign_in(request)


@never_cache
@require_POST
def change(request, action):
    """
    Do one action of the page, for accounts, and show its result. `action` is one of ACTIONS; else raise Http404.

    Redirect guests and strangers to the sign-in page.
    """
    if not has_account(request):
        return _to_sign_in(request)
    if action not in ACTIONS:
        raise Http404
    limits.check_event(request.user.id)
    return ACTIONS[action](request)


def _start(request):
    def start(fields):
        people.start_setup(request, fields["proof"])
        return redirect("second_factor")

    return _submit(request, "start", ProofForm(request.POST), start)


def _cancel(request):
    people.cancel_setup(request)
    return redirect("second_factor")


def _confirm(request):
    return _submit(
        request,
        "confirm",
        CodeForm(request.POST),
        lambda fields: _show_codes(request, people.confirm_setup(request, fields["code"])),
    )


def _make_codes(request):
    form = ProofForm(request.POST)
    return _submit(
        request,
        "codes",
        form,
        lambda fields: _show_codes(request, people.make_recovery_codes(request, fields["proof"])),
    )


def _switch_off(request):
    def switch_off(fields):
        people.switch_off(request, fields["proof"])
        messages.success(request, gettext("Two-factor sign-in is off."))
        return redirect("settings")

    return _submit(request, "off", ProofForm(request.POST), switch_off)


ACTIONS = {"start": _start, "cancel": _cancel, "confirm": _confirm, "codes": _make_codes, "off": _switch_off}


def _submit(request, name, form, act):
    """Return the response of `act(fields)`, or the page with the errors of the form `name`."""
    response = submit(form, act)
    return name_wait(_show(request, {name: form}, form.status), form) if response is None else response


def _show_codes(request, codes):
    return render(request, "chat/second_factor/codes.html", {"codes": codes})


def _show(request, invalid=None, status=200):
    person = request.user
    setup = people.find_setup(request, _name_site(request))
    # Each form has its own ids, because the page has several forms.
    forms = {name: ProofForm(auto_id=f"id_{name}_%s") for name in ("start", "codes", "off")}
    forms.update({"confirm": NewAppForm(), **(invalid or {})})
    if not people.has_proof(person):
        forms["start"].hide_fields("proof")
    left = people.count_codes(person)
    context = {
        "factor": people.find_second_factor(person),
        "setup": setup,
        "picture": _draw(setup.address) if setup else "",
        "left": left,
        "has_few": left <= FEW_CODES,
        "is_required": people.is_required(person),
        "must_set_up": people.must_set_up(person),
        "forms": forms,
    }
    return render(request, "chat/second_factor/page.html", context, status=status)


def _name_site(request):
    """Return the name that the app shows for the site: the host of PUBLIC_URL or of the request, with its port."""
    return urlsplit(settings.PUBLIC_URL).netloc if settings.PUBLIC_URL else request.get_host()


def _draw(address):
    """Return the QR code of an address as SVG. It has no style attribute, which the CSP would block."""
    code = segno.make(address, error="m", micro=False)
    # The code is black on white in a dark theme too, because some apps cannot read inverted codes.
    return mark_safe(code.svg_inline(omitsize=True, dark="#000", light="#fff", border=QUIET_ZONE))


def _to_sign_in(request):
    return redirect(f"{reverse('sign_in')}?next={reverse('second_factor')}")
