"""
The operators' pages: rooms, people, messages, tokens. What they change goes through the services, so that every open
tab sees it.
"""
from django import forms
from django.contrib import admin

from chat import moderation_admin  # noqa: F401 (its pages register themselves)
from chat.models import Message, Person, Room, Token
from chat.outside_admin import PeopleActions
from chat.protocol import Refused, check_slug
from chat.services import operators, people, rooms


class RoomForm(forms.ModelForm):
    """A room's fields; the address is checked as everywhere else."""

    def clean_slug(self):
        try:
            return check_slug(self.cleaned_data["slug"])
        except Refused as refusal:
            raise forms.ValidationError(refusal.detail) from None


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    form = RoomForm
    list_display = ["slug", "name", "offset", "last_at", "created_at"]
    search_fields = ["slug", "name", "topic"]
    ordering = ["-id"]
    readonly_fields = ["access", "offset", "last_at", "created_at", "created_by"]

    def get_readonly_fields(self, request, obj=None):
        # A slug is in people's links and in the fingerprints of refs: it stays.
        return [*self.readonly_fields, "slug"] if obj else self.readonly_fields

    def save_model(self, request, obj, form, change):
        rooms.save_room(obj, form.changed_data)

    def delete_model(self, request, obj):
        rooms.delete_room(obj)

    def delete_queryset(self, request, queryset):
        for room in queryset:
            rooms.delete_room(room)


@admin.register(Person)
class PersonAdmin(PeopleActions, admin.ModelAdmin):
    list_display = ["handle", "is_guest", "is_active", "is_staff", "seen_at", "created_at"]
    list_filter = ["is_guest", "is_active", "is_staff"]
    search_fields = ["handle"]
    ordering = ["-id"]
    fields = ["handle", "is_active", "is_staff", "is_superuser", "groups", "user_permissions"]
    fields += ["is_guest", "created_at", "seen_at", "last_login"]
    readonly_fields = ["handle", "is_guest", "created_at", "seen_at", "last_login"]
    filter_horizontal = ["groups", "user_permissions"]

    def has_add_permission(self, request):
        return False  # people sign up, and `createsuperuser` makes the first operator

    def has_delete_permission(self, request, obj=None):
        return False  # what they said stays in the rooms; deactivate them instead

    def get_readonly_fields(self, request, obj=None):
        # Who may use the admin is no way to give oneself more than one has.
        rights = ["is_staff", "is_superuser", "groups", "user_permissions"]
        return self.readonly_fields if request.user.is_superuser else [*self.readonly_fields, *rights]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            people.close_sockets(obj)
        elif not obj.is_staff:
            operators.close_streams(obj)


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    list_display = ["room", "number", "author", "body", "created_at", "removed_at"]
    search_fields = ["body", "author__handle", "room__slug"]
    list_select_related = ["room", "author"]
    ordering = ["-id"]
    actions = ["remove_messages"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False if obj else super().has_change_permission(request)

    def has_delete_permission(self, request, obj=None):
        return False  # offsets must have no gaps: a message is removed, its row stays

    def remove_messages(self, request, queryset):
        count = rooms.remove_as_operator(request.user, queryset)
        self.message_user(request, f"{count} messages removed.")

    remove_messages.short_description = "Remove the selected messages"
    remove_messages.allowed_permissions = ("change",)


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):
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
