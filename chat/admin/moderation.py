"""
The admin's moderation pages: roles in rooms, reports, and the audit log.

This module must not write rows. The moderation service writes them, and records the operator as the actor in the audit
log.
"""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext, gettext_lazy, pgettext

from chat.admin.accessible import AccessibleAdmin
from chat.admin.read_only import NoChangeForm
from chat.models import AuditEntry, Member, Report
from chat.protocol import MAX_REASON, MAX_SECONDS
from chat.services import moderation


class MemberForm(forms.ModelForm):
    """The form of a role, with the length of a mute and the reason for the audit log."""

    minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_SECONDS // 60,
        help_text=gettext_lazy("How long a mute lasts. Leave it empty for a mute without an end."),
    )
    reason = forms.CharField(
        required=False, max_length=MAX_REASON, help_text=gettext_lazy("For the audit log of the room.")
    )

    def clean(self):
        fields = super().clean()
        if fields.get("minutes") and fields.get("role") != Member.MUTED:
            text = gettext("Only a mute has minutes. Leave them empty, or choose the role 'muted'.")
            self.add_error("minutes", text)
        return fields


@admin.register(Member)
class MemberAdmin(AccessibleAdmin):
    form = MemberForm
    list_display = ["person", "room", "role", "muted_until", "joined_at"]
    list_filter = ["role"]
    list_select_related = ["person", "room"]
    search_fields = ["person__handle", "room__slug"]
    raw_id_fields = ["room", "person"]
    readonly_fields = ["muted_until"]
    ordering = ["-id"]

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, "room", "person"] if obj else self.readonly_fields

    def save_model(self, request, obj, form, change):
        if change and not {"role", "minutes"} & set(form.changed_data):
            return  # the empty field `minutes` of an unchanged form would remove the end of a mute
        minutes, reason = form.cleaned_data["minutes"], form.cleaned_data["reason"]
        seconds = minutes and minutes * 60
        member = moderation.change_role(request.user, obj.room, obj.person, obj.role, seconds, reason)
        obj.id = member.id or obj.id

    def delete_model(self, request, obj):
        moderation.remove_member(request.user, obj)

    def delete_queryset(self, request, queryset):
        for member in queryset.select_related("room", "person"):
            moderation.remove_member(request.user, member)


class ReadOnlyAdmin(NoChangeForm, AccessibleAdmin):
    """The base class for pages of rows that operators can read, but not add, delete or change in a form."""

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ["room", "message", "author", "body", "reporter", "reason", "created_at", "outcome", "closed_by"]
    list_filter = ["outcome"]
    list_select_related = ["room", "message__room", "message__author", "reporter", "closed_by"]
    search_fields = ["reason", "body", "reporter__handle", "message__author__handle", "room__slug"]
    ordering = ["-id"]
    actions = ["dismiss", "remove_messages"]

    def author(self, report):
        return report.message.author

    def dismiss(self, request, queryset):
        self._close(request, queryset, "dismiss")

    dismiss.short_description = gettext_lazy("Dismiss the selected reports")
    dismiss.allowed_permissions = ("change",)

    def remove_messages(self, request, queryset):
        self._close(request, queryset, "remove")

    remove_messages.short_description = gettext_lazy("Remove the messages of the selected reports")
    remove_messages.allowed_permissions = ("change",)

    def _close(self, request, queryset, action):
        # Operators must not close reports about their own messages: other moderators do.
        reports = list(queryset.filter(closed_at=None).exclude(message__author=request.user).select_related("room"))
        for report in reports:
            moderation.close_report(request.user, report.room, report.id, action)
        self.message_user(request, gettext("Closed reports: %(number)s.") % {"number": len(reports)})


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "room", "by", "act", "person", "message", "before", "after", "seconds", "reason"]
    list_filter = ["act"]
    list_select_related = ["room", "actor", "person"]
    search_fields = ["room__slug", "actor__handle", "person__handle", "reason"]
    ordering = ["-id"]

    def by(self, entry):
        return entry.actor or pgettext("the actor of an entry of the audit log", "a command")
