"""The forms of OpenID Connect and of links for new accounts."""

from django import forms
from django.utils.translation import gettext_lazy

from chat.http.forms import NEW_HANDLE_HELP, Form, make_handle_field, make_password_field


class HandleForm(Form):
    handle = make_handle_field(gettext_lazy("Handle"), NEW_HANDLE_HELP)


class ConnectForm(Form):
    password = make_password_field(gettext_lazy("Your password"), "current-password")


class InvitationForm(Form):
    """The form of a link for new accounts. Only operators get the field of the handle."""

    renamed = {"expires_in": "days"}

    uses = forms.IntegerField(
        label=gettext_lazy("Accounts"),
        initial=1,
        min_value=1,
        max_value=10000,
        help_text=gettext_lazy("The number of people who can create an account with the link."),
    )
    days = forms.IntegerField(label=gettext_lazy("Days"), initial=7, min_value=1, max_value=365)
    room = forms.CharField(
        label=gettext_lazy("Room"),
        required=False,
        help_text=gettext_lazy("The address of a room that the new accounts join, such as my-room."),
    )
    handle = forms.CharField(
        label=gettext_lazy("Reserved handle"),
        required=False,
        help_text=gettext_lazy("For one account. Only with this link can somebody take the handle."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
