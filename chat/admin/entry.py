"""
The admin's pages of invitations, and of external logins (accounts at an OpenID Connect provider).

Operators read and delete these rows. The page **Invite people** and `manage.py invite` make links, because the admin
could not show a link: only its digest is stored. This module must not write rows: the services do.
"""

from django.contrib import admin

from chat.admin.accessible import AccessibleAdmin
from chat.models import ExternalLogin, Invitation
from chat.services import account_invitations
from chat.services.people import openid


class DeletableAdmin(AccessibleAdmin):
    """An admin of rows that operators can only read and delete. `remove(row, actor)` deletes a row by a service."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def delete_model(self, request, obj):
        self.remove(obj, request.user)

    def delete_queryset(self, request, queryset):
        for row in queryset:
            self.remove(row, request.user)


@admin.register(Invitation)
class InvitationAdmin(DeletableAdmin):
    list_display = ["room", "handle", "created_by", "created_at", "expires_at", "uses_left"]
    fields = list_display
    list_select_related = ["room", "created_by"]
    ordering = ["-id"]

    def remove(self, row, actor):
        account_invitations.revoke_from_site(row.id)


@admin.register(ExternalLogin)
class ExternalLoginAdmin(DeletableAdmin):
    list_display = ["person", "issuer", "subject", "created_at"]
    fields = list_display
    list_select_related = ["person"]
    search_fields = ["person__handle", "subject"]
    ordering = ["-id"]

    def remove(self, row, actor):
        openid.remove_external_login(row, actor)
