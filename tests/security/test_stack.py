"""
The code does not use the functions of its stack that have known vulnerabilities.

Each rule has an example that it must find, so a rule that can find nothing fails.
"""

import ast
import functools
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import models

from chat.models import Person
from tests import wire
from tests.security.rules import RULES

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("channels_transport", "chat", "chatproj")


@functools.cache
def _read_code() -> list[tuple[str, ast.AST]]:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text())) for path in paths]


@pytest.mark.no_database
@pytest.mark.parametrize("name", RULES)
def test_the_code_breaks_no_rule(name):
    found = [f"{path}:{line}" for path, tree in _read_code() for line in RULES[name].find(tree)]
    assert not found, f"{RULES[name].why}: {found}"


@pytest.mark.no_database
@pytest.mark.parametrize("name", RULES)
def test_each_rule_finds_its_example(name):
    assert list(RULES[name].find(ast.parse(RULES[name].example)))


SLOW_TEMPLATE_FILTERS = re.compile(
    r"\|\s*(urlize|urlizetrunc|striptags|truncate\w*|wordwrap|intcomma|floatformat|slugify|unordered_list|safe|safeseq)\b"
)


@pytest.mark.no_database
def test_templates_do_not_use_the_filters_with_known_vulnerabilities():
    folders = [ROOT / "templates", ROOT / "chat", ROOT / "channels_transport"]
    pages = [path for folder in folders for path in folder.rglob("*.html")]
    assert pages
    found = [f"{path.name}: {match[0]}" for path in pages for match in SLOW_TEMPLATE_FILTERS.finditer(path.read_text())]
    assert not found


@pytest.mark.no_database
def test_the_settings_do_not_switch_on_what_has_known_vulnerabilities():
    assert not [name for name in settings.MIDDLEWARE if "Cache" in name or "LocaleMiddleware" in name]
    assert settings.CACHES["default"]["BACKEND"] == "django.core.cache.backends.dummy.DummyCache"
    assert not settings.SESSION_SAVE_EVERY_REQUEST  # CVE-2026-35192
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"


@pytest.mark.no_database
def test_no_column_has_a_type_with_known_vulnerabilities():
    slow = models.URLField | models.GenericIPAddressField | models.FileField  # CVE-2024-41991, CVE-2026-15920
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    assert not [field for field in fields if isinstance(field, slow)]


# The admin's lists read their filters from the address.

LOOKUPS = {
    "_connector": ") OR 1=1 OR (",  # CVE-2025-64459
    "_negated": "1",
    "password__startswith": "pbkdf2",
    "person__password__startswith": "pbkdf2",
    "digest__startswith": "0",
    "id__in": "1",
}


@pytest.mark.no_database
@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.model_name)
def test_an_admin_list_refuses_filters_that_its_page_does_not_offer(db, model):
    browser = wire.browser_of(Person.objects.create_superuser("Root", "a long password"))
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    answers = {lookup: browser.get(path, {lookup: value}).status_code for lookup, value in LOOKUPS.items()}
    assert answers == dict.fromkeys(LOOKUPS, 400)


def test_an_admin_list_takes_the_filters_that_its_page_offers(db):
    operator = Person.objects.create_superuser("Root", "a long password")
    response = wire.browser_of(operator).get("/admin/chat/person/", {"is_guest__exact": "1"})
    assert response.status_code == 200
