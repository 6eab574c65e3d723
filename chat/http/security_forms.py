"""The forms of the second factor, of the e-mail address, and of a new password by e-mail."""

from django import forms
from django.utils.translation import gettext_lazy

from chat.http.forms import NEW_PASSWORD_HELP, Form, make_password_field


class NewAppForm(Form):
    """The form that confirms a new app with its code. Phones show a keyboard of digits for it."""

    code = forms.CharField(
        label=gettext_lazy("Code of your app"),
        help_text=gettext_lazy("Six digits."),
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric", "dir": "ltr", "size": "12"}),
    )


class CodeForm(NewAppForm):
    """The form of a code at a sign-in. Its field has the focus, because the page has no other purpose."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["autofocus"] = True


class RecoveryCodeForm(Form):
    """The form of a recovery code, which has letters."""

    code = forms.CharField(
        label=gettext_lazy("Recovery code"),
        help_text=gettext_lazy("Such as abcd-efgh-2345-6789. Each code works once."),
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "autofocus": True, "dir": "ltr"}
        ),
    )


class ProofForm(Form):
    """The form of a change that needs the password or a code."""

    proof = make_password_field(
        gettext_lazy("Your password, or a present code"),
        "current-password",
        gettext_lazy("This protects your account."),
    )


class EmailForm(ProofForm):
    field_order = ("email", "proof")

    email = forms.CharField(
        required=False,
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("Others do not see it. Leave it empty to remove it."),
        widget=forms.EmailInput({"autocomplete": "email", "dir": "ltr"}),
    )


class ForgottenPasswordForm(Form):
    whom = forms.CharField(
        label=gettext_lazy("Handle or e-mail address"),
        widget=forms.TextInput({"autocomplete": "username", "autofocus": True, "dir": "auto"}),
    )


class NewPasswordForm(Form):
    renamed = {"password": "new_password"}

    new_password = make_password_field(gettext_lazy("New password"), "new-password", NEW_PASSWORD_HELP)
