"""
The admin's log of accounts, and the action that switches the second factor of selected people off.

This module must not write rows: the people service writes them.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy, pgettext

from chat.admin.moderation import ReadOnlyAdmin
from chat.models import AccountEntry
from chat.services import people


class SecondFactorActions:
    """A mixin for the ModelAdmin of people. It comes before `PeopleActions` among the base classes."""

    actions = ["whisper", "disconnect", "switch_second_factor_off"]

    def switch_second_factor_off(self, request, queryset):
        self._act_on_each(request, queryset, lambda person: people.switch_off_for(person, request.user))

    switch_second_factor_off.short_description = gettext_lazy("Switch two-factor sign-in of the selected people off")
    switch_second_factor_off.allowed_permissions = ("change",)


@admin.register(AccountEntry)
class AccountEntryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "person", "act", "by", "address"]
    list_filter = ["act"]
    list_select_related = ["person", "actor"]
    search_fields = ["person__handle", "actor__handle", "address"]
    ordering = ["-id"]

    def by(self, entry):
        return entry.actor or pgettext("the actor of an entry of the account log", "nobody who was signed in")
