"""
The page with a person's settings: profile, picture, preferences, sign-ins, tokens, e-mail, data, and deleting the
account. The second factor has a page of its own.

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
from chat.http import token_section
from chat.http.converters import NO_ID
from chat.http.email_pages import get_sent_text
from chat.http.forms import DeleteAccountForm, Form, PictureForm, PreferencesForm, ProfileForm
from chat.http.language import override_language
from chat.http.pages import has_account, name_wait, submit
from chat.http.security_forms import EmailForm
from chat.services import limits, people
from chat.services.people import openid


class Section(NamedTuple):
    """
    A form of the page. `act(request, fields)` does what the form says and returns the text that confirms it.

    The page calls `initial(person)` for the values that the form shows, and `options(person)` for further arguments of
    the form.
    """

    form: type[Form]
    act: Callable[..., str]
    initial: Callable[..., dict[str, Any]] = lambda person: {}
    options: Callable[..., dict[str, Any]] = lambda person: {}


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


def _change_email(request, fields):
    email = people.change_email(request, fields["email"], fields["proof"])
    return get_sent_text() if email.pending else gettext("Your e-mail address is removed.")


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
    "email": Section(EmailForm, _change_email, lambda person: {"email": people.get_email(person).address}),
    "token": Section(
        token_section.TokenForm,
        token_section.make_token,
        token_section.get_defaults,
        token_section.list_rooms,
    ),
    "everywhere": Section(token_section.EverywhereForm, token_section.sign_out_everywhere),
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
    Change one section of the settings, for accounts, and redirect to the page, or to the lobby after a deletion.

    Return the page if the form has errors. `section` is one of SECTIONS, or a button without a form: `no-picture`,
    `end-login` {id}, `end-other-logins`, `disconnect-openid`, `revoke-token` {id}. Raise Http404 for another name.
    Other people are redirected to the page for signing in.
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
    form = section.form(request.POST, request.FILES, **section.options(request.user))
    confirmation = submit(form, lambda fields: section.act(request, fields))
    if confirmation is None:
        return name_wait(_show(request, {name: form}, form.status), form)
    messages.success(request, confirmation)
    return redirect("settings" if name != "delete" else "lobby")


def _get_id(request):
    # An invalid id refers to a row that does not exist. An invalid id in an address has the same meaning.
    return protocol.parse_integer(request.POST.get("id")) or NO_ID


BUTTONS = {
    "no-picture": lambda request: people.remove_picture(request.user),
    "end-login": lambda request: people.end_login(request.user, _get_id(request)),
    "end-other-logins": lambda request: people.end_other_logins(request.user, request.session.session_key),
    "disconnect-openid": lambda request: openid.disconnect(request),
    "revoke-token": lambda request: people.revoke_token(request.user, _get_id(request)),
}


def _show(request, invalid=None, status=200):
    person = request.user
    forms = {
        name: section.form(initial=section.initial(person), **section.options(person))
        for name, section in SECTIONS.items()
    }
    forms.update(invalid or {})
    factor = people.find_second_factor(person)
    if not person.has_usable_password():
        # A recent sign-in at the provider, or a code of the second factor, takes the place of the password.
        for form in forms.values():
            form.hide_fields("password", *([] if factor else ["proof"]))
    context = {
        "forms": forms,
        "profile": people.describe_person(person, people.get_profile(person)),
        "logins": people.list_logins(person),
        "external_login": openid.find_external_login(person),
        "can_disconnect": openid.can_disconnect(person),
        "own_session": request.session.session_key,
        "factor": factor,
        "codes_left": people.count_codes(person),
        "email": people.get_email(person),
        "tokens": people.list_tokens(person),
    }
    return render(request, "chat/settings.html", context, status=status)


def _to_sign_in(request):
    return redirect(f"{reverse('sign_in')}?next={reverse('settings')}")
