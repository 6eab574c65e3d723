"""
The admin's pages of people and their tokens.

This module itself writes only the rights of people, whether a person is active, and the groups of rights. It closes the
connections of people who lost a right. The people service ends logins, and revokes tokens.
"""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.utils.translation import pgettext_lazy

from chat.admin.accessible import AccessibleAdmin
from chat.admin.operators import PeopleActions
from chat.admin.security import SecondFactorActions
from chat.models import Person, Token
from chat.services import operators, people


@admin.register(Person)
class PersonAdmin(SecondFactorActions, PeopleActions, AccessibleAdmin):
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
        # They must not shut out other operators either.
        if obj is not None and (obj.is_staff or obj.is_superuser):
            rights.append("is_active")
        return self.readonly_fields if request.user.is_superuser else [*self.readonly_fields, *rights]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            # Otherwise the cookie of a stranger would be valid again when the account is activated again.
            people.end_other_logins(obj)
        # A new operator may have to set up a second factor first. Until then, no connection may have the rights of
        # operators.
        if not obj.is_active or people.must_set_up(obj):
            people.close_connections(obj)
        elif not obj.is_staff:
            operators.close_streams(obj)


@admin.register(Token)
class TokenAdmin(AccessibleAdmin):
    list_display = ["name", "person", "show_scopes", "only_rooms", "expires_at", "used_at", "created_at"]
    readonly_fields = ["person", "name", "created_at", "show_scopes", "only_rooms", "rooms", "expires_at", "used_at"]
    readonly_fields += ["survives_password_change"]
    exclude = ["digest", "scopes"]

    def has_add_permission(self, request):
        return False

    def show_scopes(self, token):
        return ", ".join(token.get_scopes())

    show_scopes.short_description = pgettext_lazy("admin", "scopes")

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
