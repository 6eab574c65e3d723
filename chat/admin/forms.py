"""What the admin's forms share: checks of the wire as checks of a form."""

from django import forms

from chat.protocol import ChatError


def clean_with(check, value):
    """Return `check(value)`. Raise the form's ValidationError for a ChatError."""
    try:
        return check(value)
    except ChatError as error:
        raise forms.ValidationError(error.detail) from None
