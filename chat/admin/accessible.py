"""
The common part of the admin's pages: controls that a keyboard reaches and that screen readers can name, and lists whose
address may contain only the filters that the page offers.
"""

from django.contrib import admin
from django.contrib.admin import helpers
from django.db.models import ManyToManyField
from django.forms import CheckboxSelectMultiple
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy

from .lookups import CheckedLookups

_format_html_lazy = lazy(format_html, str)


class AccessibleAdmin(CheckedLookups, admin.ModelAdmin):
    """A ModelAdmin whose check boxes name what they select."""

    # Django's own widget for groups and permissions has two lists without names.
    formfield_overrides = {ManyToManyField: {"widget": CheckboxSelectMultiple}}

    def action_checkbox(self, obj):
        name = {"aria-label": gettext("Select %(row)s") % {"row": obj}}
        return helpers.checkbox.render(helpers.ACTION_CHECKBOX_NAME, str(obj.pk), name)

    action_checkbox.short_description = _format_html_lazy(
        '<input type="checkbox" id="action-toggle" aria-label="{}">', gettext_lazy("Select all rows")
    )
