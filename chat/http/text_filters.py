"""
Template filters for text that people wrote and for times, and a tag for links to the forms of signing in.

This module must not know pages.
"""

from datetime import datetime
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language

from chat.markup import direction

register = template.Library()

# English days have the same order as in the client. Django's English formats put the month first.
_ENGLISH = {"DATE_FORMAT": "j F Y", "SHORT_DATE_FORMAT": "j M Y"}


@register.filter
def isolate(text: str) -> str:
    """Return a person's text so that it cannot reorder the words around it. In HTML elements, use `<bdi>` instead."""
    return direction.isolate(str(text))


@register.filter
def grouped(text: str) -> str:
    """Return a text in groups of four characters, so that people can type it more easily."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


@register.filter(expects_localtime=True)
def day(moment: datetime) -> str:
    """Return the day of a time as people write it in the language of the page: 29 November 2026."""
    return _format(moment, "DATE_FORMAT")


@register.filter(expects_localtime=True)
def short_day(moment: datetime) -> str:
    """Return the day of a time in its short form in the language of the page: 29 Nov 2026."""
    return _format(moment, "SHORT_DATE_FORMAT")


@register.filter(expects_localtime=True)
def minute(moment: datetime) -> str:
    """Return the day of a time in its short form, and the minute: 29 Nov 2026 18:35."""
    return f"{_format(moment, 'SHORT_DATE_FORMAT')} {moment:%H:%M}"


def _format(moment: datetime, name: str) -> str:
    return date_format(moment, _ENGLISH[name] if get_language() == "en" else name, use_l10n=True)


@register.simple_tag
def url_with_next(view: str, next_page: str = "") -> str:
    """Return the address of a view that redirects to the page `next_page` afterwards; "" means its usual next page."""
    return f"{reverse(view)}?next={quote(next_page)}" if next_page else reverse(view)
