"""The common part of the admin's lists: check boxes with names, for people who do not see the row."""

from django.contrib import admin
from django.contrib.admin import helpers
from django.utils.safestring import mark_safe


class NamedRowsAdmin(admin.ModelAdmin):
    """A ModelAdmin whose check boxes name the row that they select."""

    def action_checkbox(self, obj):
        name = {"aria-label": f"Select {obj}"}
        return helpers.checkbox.render(helpers.ACTION_CHECKBOX_NAME, str(obj.pk), name)

    action_checkbox.short_description = mark_safe(
        '<input type="checkbox" id="action-toggle" aria-label="Select all rows">'
    )
