"""The common part of the admin's forms: a function that applies a check of the protocol to a field."""

from django import forms

from chat.http.responses import translate_detail
from chat.protocol import ChatError


def clean_with(check, value):
    """Return `check(value)`. Raise the form's ValidationError for a ChatError."""
    try:
        return check(value)
    except ChatError as error:
        raise forms.ValidationError(translate_detail(error)) from None
