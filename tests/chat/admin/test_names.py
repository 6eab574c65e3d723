"""The admin has names of models and fields in the reader's language."""

import pytest
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.utils import translation

from chat.admin import names

pytestmark = pytest.mark.no_database
PAGES = {model: page for model, page in admin.site._registry.items() if model._meta.app_label == "chat"}


def find_shown_fields(model, page):
    """Yield the fields of one of the chat's models that the lists and the forms of the admin show."""
    shown = {*page.list_display, *page.list_filter, *page.readonly_fields, *(page.fields or ())}
    for name in shown:
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            continue  # a column that a method makes
        if field.name not in ("last_login", "is_superuser", "groups", "user_permissions"):  # Django names these
            yield field


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_each_model_and_each_shown_field_has_a_name_that_can_be_translated(model):
    assert model in names.MODELS
    fields = list(find_shown_fields(model, PAGES[model]))
    assert [field.name for field in fields if field.verbose_name is not names.FIELDS.get(field.name)] == []
    with translation.override("en"):
        english = [str(field.verbose_name) for field in fields]
    with translation.override("ar"):
        assert [str(field.verbose_name) for field in fields if str(field.verbose_name) in english] == []


def test_the_choices_of_a_role_are_in_the_readers_language():
    from chat.models import Member

    with translation.override("de"):
        assert Member(role=Member.BANNED).get_role_display() == "gesperrt"
        assert str(Member._meta.verbose_name_plural) == "Mitglieder"
    assert Member(role=Member.BANNED).get_role_display() == "banned"
