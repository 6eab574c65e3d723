"""The forms of the pages. They name the fields and draw them accessibly; the services check the values."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy, pgettext_lazy

from chat.http.language import DJANGO_NAMES, list_languages
from chat.http.responses import translate_detail
from chat.protocol import ChatError

PRIVATE_HELP = gettext_lazy(
    "Only people with an invitation can join. The address gets a random end, so that nobody can guess it."
)


class Form(forms.Form):
    """
    A form that shows each error at its field. A field names its help and its errors for screen readers.

    The first field with an error gets the focus. If an error belongs to no field, the first field gets the focus and
    names this error.
    """

    # The form's name of a field that has another name in the services.
    renamed: dict[str, str] = {}

    is_rate_limited = False  # set if the request was refused for this reason
    retry_after: float | None = None  # seconds; set with `is_rate_limited`

    @property
    def status(self) -> int:
        """Return the status of the response that shows the form: 200, 400 if it has errors, or 429 for a rate limit."""
        if not self.is_bound:
            return 200
        return 429 if self.is_rate_limited else 400

    def add_refusal(self, error: ChatError) -> None:
        """
        Add the sentence of a refused request to the form.

        If the form has the error's field, the sentence is at this field, and names it by its label.
        """
        # The services name a field by its name on the wire: "'handle' must not be empty."
        name = error.field or error.values.get("name")
        name = self.renamed.get(name, name)
        if name not in self.fields:
            return self.add_error(None, translate_detail(error))
        self.add_error(name, translate_detail(error, name=self.fields[name].label))

    def drawn_fields(self) -> list[tuple[forms.BoundField, str]]:
        """Return each visible field with its element."""
        focused = self._find_focused()
        return [(field, self._draw(field, field is focused)) for field in self.visible_fields()]

    def hide_fields(self, *names: str) -> None:
        """Hide required fields that do not apply to the person, such as the password of somebody who has none."""
        for name in set(names) & set(self.fields):
            self.fields[name].widget = forms.HiddenInput()
            self.fields[name].initial = "-"

    def _find_focused(self):
        visible = self.visible_fields()
        if not self.errors:
            return None
        return next((field for field in visible if field.errors), visible[0] if visible else None)

    def _draw(self, field, is_focused):
        described = [f"{field.auto_id}_help"] if field.help_text else []
        if field.errors:
            described.append(f"{field.auto_id}_errors")
        elif is_focused:
            described.append("form_errors")
        attributes = {"aria-describedby": " ".join(described)} if described else {}
        if field.errors:
            attributes["aria-invalid"] = "true"
        if self.errors:
            attributes["autofocus"] = is_focused
        return field.as_widget(attrs=attributes)


NEW_HANDLE_HELP = gettext_lazy("1 to 32 characters. Others see it beside your messages.")
NEW_PASSWORD_HELP = gettext_lazy("At least 8 characters. A common password is not accepted.")


def make_handle_field(label, help_text=""):
    # No `maxlength`: browsers count an emoji as two or more characters, and would cut the handle off.
    widget = forms.TextInput({"autocomplete": "username", "autofocus": True, "dir": "auto"})
    return forms.CharField(label=label, widget=widget, help_text=help_text)


def make_password_field(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    """Return a field for a password. `autocomplete` is the browser's word for the kind of password."""
    # The form must not strip a password, because a password may begin with a space.
    widget = forms.PasswordInput({"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, widget=widget, help_text=help_text)


class SignInForm(Form):
    handle = make_handle_field(gettext_lazy("Handle"))
    password = make_password_field(gettext_lazy("Password"), "current-password")


class SignUpForm(Form):
    handle = make_handle_field(gettext_lazy("Handle"), NEW_HANDLE_HELP)
    password = make_password_field(gettext_lazy("Password"), "new-password", NEW_PASSWORD_HELP)

    email = forms.CharField(
        required=False,
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("For a new password if you forget yours. Others do not see it."),
        widget=forms.EmailInput({"autocomplete": "email", "dir": "ltr"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if settings.EMAIL_URL is None:
            del self.fields["email"]


class GuestForm(Form):
    handle = make_handle_field(gettext_lazy("Your name"), NEW_HANDLE_HELP)


class PasswordForm(Form):
    renamed = {"password": "new_password"}

    old_password = make_password_field(gettext_lazy("Current password"), "current-password")
    new_password = make_password_field(gettext_lazy("New password"), "new-password", NEW_PASSWORD_HELP)


class FirstPasswordForm(PasswordForm):
    """The form of a person who has signed in without a password so far."""

    old_password = None


class RoomForm(Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("At most 80 characters."),
        widget=forms.TextInput({"dir": "auto"}),
    )
    slug = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=50,
        help_text=gettext_lazy("Lowercase letters a-z, digits and hyphens, such as my-room."),
    )
    topic = forms.CharField(
        label=gettext_lazy("Topic"), max_length=500, required=False, widget=forms.TextInput({"dir": "auto"})
    )
    private = forms.BooleanField(required=False, label=gettext_lazy("Private"), help_text=PRIVATE_HELP)


class ProfileForm(Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        help_text=gettext_lazy("Shown beside your handle."),
        widget=forms.TextInput({"dir": "auto"}),
    )
    status = forms.CharField(
        label=gettext_lazy("Status"),
        required=False,
        help_text=gettext_lazy("Such as: on holiday until Monday."),
        widget=forms.TextInput({"dir": "auto"}),
    )
    emoji = forms.CharField(required=False, label=gettext_lazy("Emoji of the status"))
    time_zone = forms.CharField(
        required=False,
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Such as Europe/Berlin. Others see what time it is for you."),
        widget=forms.TextInput({"list": "time-zones", "autocomplete": "off", "data-fill": "time-zone"}),
    )


class PictureForm(Form):
    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy("PNG, JPEG, WebP or GIF, at most 1 MB."),
        widget=forms.FileInput({"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )


class LanguageSelect(forms.Select):
    """A list of languages. A screen reader reads the name of each language in the voice of this language."""

    def create_option(self, name, value, *args, **kwargs):
        option = super().create_option(name, value, *args, **kwargs)
        return {**option, "attrs": {**option["attrs"], "lang": DJANGO_NAMES.get(value, value)}} if value else option


class PreferencesForm(Form):
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("As this browser")), *list_languages()],
        widget=LanguageSelect,
    )
    theme = forms.ChoiceField(
        label=gettext_lazy("Colours"),
        choices=[
            ("system", gettext_lazy("As this device")),
            ("light", gettext_lazy("Light")),
            ("dark", gettext_lazy("Dark")),
        ],
    )
    opens_at = forms.ChoiceField(
        label=pgettext_lazy("where a room opens", "Open rooms"),
        choices=[("unread", gettext_lazy("At the first unread message")), ("last", gettext_lazy("Where I was"))],
    )
    hide_previews = forms.BooleanField(required=False, label=gettext_lazy("Hide the previews of links"))
    notify = forms.ChoiceField(
        label=gettext_lazy("Notifications"),
        choices=[
            ("mentions", gettext_lazy("Mentions and direct messages")),
            ("all", gettext_lazy("All messages of rooms that I am in")),
            ("none", pgettext_lazy("notifications", "None")),
        ],
    )
    sound = forms.BooleanField(required=False, label=gettext_lazy("Play a sound with each notification"))
    quiet_from = forms.TimeField(
        required=False,
        label=gettext_lazy("No notifications from"),
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )
    quiet_to = forms.TimeField(
        required=False,
        label=pgettext_lazy("quiet hours", "until"),
        help_text=gettext_lazy("In your time zone."),
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )


class DeleteAccountForm(Form):
    password = make_password_field(gettext_lazy("Your password"), "current-password")
