"""
The admin's pages of people and their tokens.

This module itself writes only the rights of people, and whether a person is active. It closes the connections of people
who lost a right. The people service revokes tokens.
"""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group

from chat.admin.accessible import AccessibleAdmin
from chat.admin.operators import PeopleActions
from chat.models import Person, Token
from chat.services import operators, people


@admin.register(Person)
class PersonAdmin(PeopleActions, AccessibleAdmin):
    list_display = ["handle", "is_guest", "is_active", "is_staff", "seen_at", "created_at"]
    list_filter = ["is_guest", "is_active", "is_staff"]
    search_fields = ["handle"]
    ordering = ["-id"]
    fields = ["handle", "is_active", "is_staff", "is_superuser", "groups", "user_permissions"]
    fields += ["is_guest", "created_at", "seen_at", "last_login"]
    readonly_fields = ["handle", "is_guest", "created_at", "seen_at", "last_login"]

    def has_add_permission(self, request):
        return False  # people sign up, and `createsuperuser` makes the first operator

    def has_delete_permission(self, request, obj=None):
        return False  # the messages of a person stay in the rooms: deactivate the person instead

    def get_readonly_fields(self, request, obj=None):
        # Operators who are not superusers must not give themselves more rights.
        rights = ["is_staff", "is_superuser", "groups", "user_permissions"]
        return self.readonly_fields if request.user.is_superuser else [*self.readonly_fields, *rights]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            people.close_connections(obj)
        elif not obj.is_staff:
            operators.close_streams(obj)


@admin.register(Token)
class TokenAdmin(AccessibleAdmin):
    list_display = ["name", "person", "created_at"]
    readonly_fields = ["person", "name", "created_at"]
    exclude = ["digest"]

    def has_add_permission(self, request):
        return False

    def delete_model(self, request, obj):
        people.revoke_token(obj.person, obj.id)

    def delete_queryset(self, request, queryset):
        for token in queryset.select_related("person"):
            people.revoke_token(token.person, token.id)


admin.site.unregister(Group)


@admin.register(Group)
class AccessibleGroupAdmin(AccessibleAdmin, GroupAdmin):
    """Django's pages of groups, with the controls of our own pages."""

    filter_horizontal = ()
