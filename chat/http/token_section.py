"""
The parts of the settings page about tokens and about signing out everywhere: their forms, and what the forms do.

This module must not write rows: the people service writes them.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from chat.http.forms import Form
from chat.models import POST, READ, ROOMS, Person
from chat.services import people, workspace

# The days after which a new token ends, as the form names them. "" is never.
EXPIRIES = [
    ("7", gettext_lazy("In 7 days")),
    ("30", gettext_lazy("In 30 days")),
    ("90", gettext_lazy("In 90 days")),
    ("365", gettext_lazy("In a year")),
    ("", gettext_lazy("Never")),
]


class TokenForm(Form):
    """The form of a new token. `rooms` has the (slug, name) of the rooms that the person can choose."""

    renamed = {"expires_at": "expires"}

    name = forms.CharField(label=gettext_lazy("Name of the bot"), help_text=gettext_lazy("At most 80 characters."))
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What the bot may do"),
        widget=forms.CheckboxSelectMultiple,
        choices=[
            (READ, gettext_lazy("Read: messages, people and the search (read)")),
            (POST, gettext_lazy("Write: messages, reactions and read markers (post)")),
            (ROOMS, gettext_lazy("Manage: create and change rooms, invite and moderate (rooms)")),
        ],
    )
    rooms = forms.MultipleChoiceField(
        label=gettext_lazy("Only in these rooms"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Choose none for all rooms, even those that you enter later."),
    )
    expires = forms.ChoiceField(label=gettext_lazy("The token ends"), choices=EXPIRIES, required=False)
    survives = forms.BooleanField(required=False, label=gettext_lazy("Stays with a new password"))

    def __init__(self, *arguments: Any, rooms: list[tuple[str, str]], **options: Any) -> None:
        # The page also has the form of the profile, which has a field `name` too.
        super().__init__(*arguments, auto_id="token_%s", **options)
        self.fields["rooms"].choices = rooms
        if not rooms:
            del self.fields["rooms"]


class EverywhereForm(Form):
    own = forms.BooleanField(required=False, label=gettext_lazy("Also sign out in this browser"))
    tokens = forms.BooleanField(required=False, label=gettext_lazy("Also revoke all tokens"))


def get_defaults(person: Person) -> dict[str, Any]:
    """Return the values that the form of a new token shows first. They give fewer rights than the API's defaults."""
    return {"scopes": [READ, POST], "expires": "90"}


def list_rooms(person: Person) -> dict[str, Any]:
    """Return the options of a person's TokenForm."""
    found = [room for room in workspace.get_rooms(person) if room["kind"] != "board"]
    return {"rooms": [(room["slug"], room["name"]) for room in found]}


def make_token(request: HttpRequest, fields: dict[str, Any]) -> str:
    """Create the token of a TokenForm. Return a sentence with the key of the token, for the page to show once."""
    days = fields["expires"]
    limits = people.TokenLimits(
        scopes=fields["scopes"],
        rooms=fields.get("rooms") or None,
        expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
        survives_password_change=fields["survives"],
    )
    _, key = people.make_token(request.user, fields["name"], limits)
    text = gettext("The token of %(name)s is %(key)s. Copy it now: the site cannot show it again.")
    return text % {"name": fields["name"], "key": key}


def sign_out_everywhere(request: HttpRequest, fields: dict[str, Any]) -> str:
    """End what an EverywhereForm names. Return the sentence that confirms it."""
    people.sign_out_everywhere(request, fields["own"], fields["tokens"])
    if fields["own"]:
        return gettext("You are signed out in all browsers.")
    return gettext("You are signed out in all other browsers.")
