"""Template filters for text that people wrote. This module must not know pages."""

from django import template

from chat.markup import direction

register = template.Library()


@register.filter
def isolate(text: str) -> str:
    """Return a person's text so that it cannot reorder the words around it. In HTML elements, use `<bdi>` instead."""
    return direction.isolate(str(text))
