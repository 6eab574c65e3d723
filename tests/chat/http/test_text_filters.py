"""The filters and tags of templates: days in the form of the language, and links that contain the page to return to."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils import translation

pytestmark = pytest.mark.no_database

MOMENT = datetime(2026, 11, 5, 18, 35, tzinfo=UTC)


def render(source, **values):
    return Template("{% load text_filters %}" + source).render(Context(values))


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "5 November 2026, 5 Nov 2026, 5 Nov 2026 18:35"),
        ("de", "5. November 2026, 05.11.2026, 05.11.2026 18:35"),
        ("ja", "2026年11月5日, 2026/11/05, 2026/11/05 18:35"),
    ],
)
def test_a_day_has_the_form_of_the_language(language, expected):
    with translation.override(language):
        assert render("{{ at|day }}, {{ at|short_day }}, {{ at|minute }}", at=MOMENT) == expected


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_every_language_can_write_a_day(language):
    with translation.override(language):
        assert "2026" in render("{{ at|day }}", at=MOMENT)


def test_a_link_contains_the_page_to_return_to():
    link = "{% url_with_next 'sign_in' next as link %}{{ link }}"
    assert render(link, next="/rooms/a b/?x=1&y") == "/sign-in/?next=/rooms/a%20b/%3Fx%3D1%26y"
    assert render(link) == render(link, next="") == "/sign-in/"
