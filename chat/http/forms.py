"""The forms of the pages. They name the fields and draw them accessibly; the services check the values."""

import re

from django import forms

# The services begin a sentence about a field with its name in quotes: "'handle' is too long."
_FIELD_NAME = re.compile(r"'(\w+)'")
PRIVATE_HELP = "Only people with an invitation can join. The address gets a random end, so that nobody can guess it."


class Form(forms.Form):
    """
    A form that shows each error at its field. A field names its help and its errors for screen readers.

    The first field with an error gets the focus. If an error belongs to no field, the first field gets the focus and
    names this error.
    """

    # The form's name of a field that has another name in the services.
    renamed: dict[str, str] = {}

    is_rate_limited = False  # set if the request was refused for this reason

    @property
    def status(self) -> int:
        """Return the status of the response that shows the form: 200, 400 if it has errors, or 429 for a rate limit."""
        if not self.is_bound:
            return 200
        return 429 if self.is_rate_limited else 400

    def add_refusal(self, detail: str, name: str | None) -> None:
        """Add the sentence of a refused request, at the field with this name if the form has one."""
        found = _FIELD_NAME.match(detail)
        name = name or (found[1] if found else None)
        name = self.renamed.get(name or "", name)
        if found and name in self.fields:
            detail = detail.replace(found[0], f"'{self.fields[name].label or name.capitalize()}'", 1)
        self.add_error(name if name in self.fields else None, detail)

    def drawn_fields(self) -> list[tuple[forms.BoundField, str]]:
        """Return each visible field with its element."""
        focused = self._find_focused()
        return [(field, self._draw(field, field is focused)) for field in self.visible_fields()]

    def _find_focused(self):
        visible = self.visible_fields()
        if not self.errors:
            return None
        return next((field for field in visible if field.errors), visible[0])

    def _draw(self, field, is_focused):
        described = [f"{field.id_for_label}_help"] if field.help_text else []
        if field.errors:
            described.append(f"{field.id_for_label}_errors")
        elif is_focused:
            described.append("form_errors")
        attributes = {"aria-describedby": " ".join(described)} if described else {}
        if field.errors:
            attributes["aria-invalid"] = "true"
        if self.errors:
            attributes["autofocus"] = is_focused
        return field.as_widget(attrs=attributes)


_NEW_HANDLE = "1 to 32 characters. Others see it beside your messages."
_NEW_PASSWORD = "At least 8 characters. A common password is not accepted."


def _handle(label="Handle", help_text=""):
    # No `maxlength`: browsers count an emoji as two or more characters, and would cut the handle off.
    widget = forms.TextInput({"autocomplete": "username", "autofocus": True, "dir": "auto"})
    return forms.CharField(label=label, widget=widget, help_text=help_text)


def _password(label, autocomplete, help_text=""):
    # The form must not strip a password, because a password may begin with a space.
    widget = forms.PasswordInput({"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, widget=widget, help_text=help_text)


class SignInForm(Form):
    handle = _handle()
    password = _password("Password", "current-password")


class SignUpForm(Form):
    handle = _handle(help_text=_NEW_HANDLE)
    password = _password("Password", "new-password", _NEW_PASSWORD)


class GuestForm(Form):
    handle = _handle("Your name", _NEW_HANDLE)


class PasswordForm(Form):
    renamed = {"password": "new_password"}

    old_password = _password("Current password", "current-password")
    new_password = _password("New password", "new-password", _NEW_PASSWORD)


class RoomForm(Form):
    name = forms.CharField(max_length=80, help_text="At most 80 characters.", widget=forms.TextInput({"dir": "auto"}))
    slug = forms.CharField(
        label="Address", max_length=50, help_text="Lowercase letters a-z, digits and hyphens, such as my-room."
    )
    topic = forms.CharField(max_length=500, required=False, widget=forms.TextInput({"dir": "auto"}))
    private = forms.BooleanField(required=False, label="Private", help_text=PRIVATE_HELP)


class ProfileForm(Form):
    name = forms.CharField(
        label="Name", required=False, help_text="Shown beside your handle.", widget=forms.TextInput({"dir": "auto"})
    )
    status = forms.CharField(
        required=False, help_text="Such as: on holiday until Monday.", widget=forms.TextInput({"dir": "auto"})
    )
    emoji = forms.CharField(required=False, label="Emoji of the status")
    time_zone = forms.CharField(
        required=False,
        label="Time zone",
        help_text="Such as Europe/Berlin. Others see what time it is for you.",
        widget=forms.TextInput({"list": "time-zones", "autocomplete": "off", "data-fill": "time-zone"}),
    )


class PictureForm(Form):
    picture = forms.FileField(
        label="Picture",
        help_text="PNG, JPEG, WebP or GIF, at most 1 MB.",
        widget=forms.FileInput({"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )


class PreferencesForm(Form):
    theme = forms.ChoiceField(
        label="Colours", choices=[("system", "As this device"), ("light", "Light"), ("dark", "Dark")]
    )
    opens_at = forms.ChoiceField(
        label="Open rooms", choices=[("unread", "At the first unread message"), ("last", "Where I was")]
    )
    notify = forms.ChoiceField(
        label="Notifications",
        choices=[
            ("mentions", "Mentions and direct messages"),
            ("all", "All messages of rooms that I am in"),
            ("none", "None"),
        ],
    )
    sound = forms.BooleanField(required=False, label="Play a sound with each notification")
    quiet_from = forms.TimeField(
        required=False, label="No notifications from", widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    quiet_to = forms.TimeField(
        required=False,
        label="until",
        help_text="In your time zone.",
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )


class TokenForm(Form):
    name = forms.CharField(label="Name of the bot", help_text="At most 80 characters.")


class DeleteAccountForm(Form):
    password = _password("Your password", "current-password")
