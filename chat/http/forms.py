"""The forms of the pages. They name the fields; the services check the values."""

from django import forms

PRIVATE_HELP = "Only people with an invitation can join. The address gets a random end, so that nobody can guess it."


def _handle(label="Handle"):
    widget = forms.TextInput({"autocomplete": "username", "autofocus": True})
    return forms.CharField(label=label, max_length=32, widget=widget)


def _password(label, autocomplete):
    # The form must not strip a password, because a password may begin with a space.
    return forms.CharField(label=label, strip=False, widget=forms.PasswordInput({"autocomplete": autocomplete}))


class SignInForm(forms.Form):
    handle = _handle()
    password = _password("Password", "current-password")


class SignUpForm(forms.Form):
    handle = _handle()
    password = _password("Password", "new-password")


class GuestForm(forms.Form):
    handle = _handle("Your name")


class PasswordForm(forms.Form):
    old_password = _password("Current password", "current-password")
    new_password = _password("New password", "new-password")


class RoomForm(forms.Form):
    name = forms.CharField(max_length=80)
    slug = forms.CharField(
        label="Address", max_length=50, help_text="Lowercase letters a-z, digits and hyphens, such as my-room."
    )
    topic = forms.CharField(max_length=500, required=False)
    private = forms.BooleanField(required=False, label="Private", help_text=PRIVATE_HELP)
