"""
The page with a person's settings: profile, picture, preferences, sign-ins, tokens, data, and deleting the account.

Each section is a form of its own and works without JavaScript. This module must not write rows: services write them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from chat import protocol
from chat.http.converters import NO_ID
from chat.http.forms import DeleteAccountForm, Form, PictureForm, PreferencesForm, ProfileForm, TokenForm
from chat.http.language import override_language
from chat.http.pages import has_account, submit
from chat.services import limits, people


class Section(NamedTuple):
    """
    A form of the page. `act(request, fields)` does what the form says and returns the text that confirms it.

    The page calls `initial(person)` for the values that the form shows.
    """

    form: type[Form]
    act: Callable[..., str]
    initial: Callable[..., dict[str, Any]] = lambda person: {}


def _change_profile(request, fields):
    people.change_profile(request.user, fields)
    return gettext("Your profile is changed.")


def _set_picture(request, fields):
    limits.check_picture(request.user.id)
    people.set_picture(request.user, fields["picture"].read())
    return gettext("Your picture is changed.")


def _change_preferences(request, fields):
    preferences = people.change_preferences(request.user, fields)
    with override_language(request, preferences.language):
        return gettext("Your preferences are changed.")


def _make_token(request, fields):
    _, key = people.make_token(request.user, fields["name"])
    text = gettext("The token of %(name)s is %(key)s. Copy it now: the site cannot show it again.")
    return text % {"name": fields["name"], "key": key}


def _delete_account(request, fields):
    people.delete_account(request, fields["password"])
    return gettext("Your account is deleted.")


def _read_profile(person):
    profile = people.get_profile(person)
    return {name: getattr(profile, name) for name in people.PROFILE_FIELDS}


def _read_preferences(person):
    preferences = people.get_preferences(person)
    return {name: getattr(preferences, name) for name in people.PREFERENCES}


SECTIONS = {
    "profile": Section(ProfileForm, _change_profile, _read_profile),
    "picture": Section(PictureForm, _set_picture),
    "preferences": Section(PreferencesForm, _change_preferences, _read_preferences),
    "token": Section(TokenForm, _make_token),
    "delete": Section(DeleteAccountForm, _delete_account),
}


@never_cache
@require_safe
def settings(request):
    """Show the settings of an account. Other people are redirected to the page for signing in."""
    return _show(request) if has_account(request) else _to_sign_in(request)


@never_cache
@require_POST
def change(request, section):
    """
    Change one section of the settings, for accounts, and redirect to the page. Return the page if the form has errors.

    `section` is one of SECTIONS, or a button without a form: `no-picture`, `end-login` {id}, `end-other-logins`,
    `revoke-token` {id}. Raise Http404 for another name. Other people are redirected to the page for signing in.
    """
    if not has_account(request):
        return _to_sign_in(request)
    limits.check_event(request.user.id)
    if section in SECTIONS:
        return _submit_section(request, section)
    if section not in BUTTONS:
        raise Http404
    BUTTONS[section](request)
    return redirect("settings")


def _submit_section(request, name):
    section = SECTIONS[name]
    form = section.form(request.POST, request.FILES)
    confirmation = submit(form, lambda fields: section.act(request, fields))
    if confirmation is None:
        return _show(request, {name: form}, form.status)
    messages.success(request, confirmation)
    return redirect("settings" if name != "delete" else "lobby")


def _get_id(request):
    # An invalid id refers to a row that does not exist. An invalid id in an address has the same meaning.
    return protocol.parse_integer(request.POST.get("id")) or NO_ID


BUTTONS = {
    "no-picture": lambda request: people.remove_picture(request.user),
    "end-login": lambda request: people.end_login(request.user, _get_id(request)),
    "end-other-logins": lambda request: people.end_other_logins(request.user, request.session.session_key),
    "revoke-token": lambda request: people.revoke_token(request.user, _get_id(request)),
}


def _show(request, invalid=None, status=200):
    person = request.user
    forms = {name: section.form(initial=section.initial(person)) for name, section in SECTIONS.items()}
    context = {
        "forms": {**forms, **(invalid or {})},
        "profile": people.describe_person(person, people.get_profile(person)),
        "logins": people.list_logins(person),
        "own_session": request.session.session_key,
        "tokens": person.tokens.order_by("id"),
    }
    return render(request, "chat/settings.html", context, status=status)


def _to_sign_in(request):
    return redirect(f"{reverse('sign_in')}?next={reverse('settings')}")
