"""Filters of the templates for text of people. Must not know pages."""

from django import template

from chat.markup import direction

register = template.Library()


@register.filter
def isolate(text: str) -> str:
    """Keep text of people from changing the order of the words around it. In elements, use `<bdi>` instead."""
    return direction.isolate(str(text))
