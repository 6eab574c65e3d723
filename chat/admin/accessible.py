"""The common part of the admin's pages: controls that a keyboard reaches and that screen readers can name."""

from django.contrib import admin
from django.contrib.admin import helpers
from django.db.models import ManyToManyField
from django.forms import CheckboxSelectMultiple
from django.utils.safestring import mark_safe


class AccessibleAdmin(admin.ModelAdmin):
    """A ModelAdmin whose check boxes name what they select."""

    # Django's own widget for groups and permissions has two lists without names.
    formfield_overrides = {ManyToManyField: {"widget": CheckboxSelectMultiple}}

    def action_checkbox(self, obj):
        name = {"aria-label": f"Select {obj}"}
        return helpers.checkbox.render(helpers.ACTION_CHECKBOX_NAME, str(obj.pk), name)

    action_checkbox.short_description = mark_safe(
        '<input type="checkbox" id="action-toggle" aria-label="Select all rows">'
    )
