"""
The admin's pages of rooms and messages.

This module must not write rows. It calls the rooms service, which also publishes each change to the open tabs.
"""

from django import forms
from django.contrib import admin, messages
from django.utils.translation import gettext, gettext_lazy

from chat.admin.accessible import AccessibleAdmin
from chat.admin.forms import clean_with
from chat.admin.read_only import NoChangeForm
from chat.models import Message, Room
from chat.protocol import ChatError, check_room_name, check_slug, check_topic
from chat.services import rooms
from chat.services.holds import is_held


class RoomForm(forms.ModelForm):
    """The form of a room. Its fields pass the same checks as in the API."""

    closed_to_guests = forms.BooleanField(required=False, help_text=gettext_lazy("Only accounts may enter the room."))

    callers = forms.ChoiceField(
        choices=Room.CALLERS,
        required=False,
        label=gettext_lazy("@all and @here"),
        help_text=gettext_lazy("Who may call everybody in the room."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "callers" in self.fields and self.initial.get("callers") is None:
            self.initial["callers"] = Room.MODERATORS

    def clean_callers(self):
        return self.cleaned_data["callers"] or None

    def clean_name(self):
        return clean_with(check_room_name, self.cleaned_data["name"])

    def clean_topic(self):
        return clean_with(check_topic, self.cleaned_data["topic"])

    def clean_slug(self):
        return clean_with(check_slug, self.cleaned_data["slug"])


@admin.register(Room)
class RoomAdmin(AccessibleAdmin):
    form = RoomForm
    list_display = ["slug", "name", "offset", "last_at", "created_at"]
    search_fields = ["slug", "name", "topic"]
    ordering = ["-id"]
    readonly_fields = ["access", "offset", "last_at", "created_at", "created_by"]

    def get_queryset(self, request):
        return super().get_queryset(request).exclude(access=Room.DIRECT)

    def get_readonly_fields(self, request, obj=None):
        # People's links and the digests of refs contain the slug, so operators cannot change it.
        if obj is None:
            return self.readonly_fields
        # The owner of a board decides about each visitor, so operators cannot close a board to guests. A board has
        # no settings for its room either.
        is_board = obj.access == Room.BOARD
        return [*self.readonly_fields, "slug", *(["closed_to_guests", "callers"] if is_board else [])]

    def save_model(self, request, obj, form, change):
        rooms.save_room(obj, form.changed_data)

    def has_delete_permission(self, request, obj=None):
        """Return whether the operator may delete rooms, and this one is not on hold."""
        return super().has_delete_permission(request, obj) and (obj is None or not is_held(obj.id))

    def delete_model(self, request, obj):
        rooms.delete_room(obj)

    def delete_queryset(self, request, queryset):
        for room in queryset:
            try:
                rooms.delete_room(room)
            except ChatError as error:
                self.message_user(request, f"{room}: {error.detail}", messages.ERROR)


@admin.register(Message)
class MessageAdmin(NoChangeForm, AccessibleAdmin):
    list_display = ["room", "number", "author", "body", "created_at", "removed_at"]
    search_fields = ["body", "author__handle", "room__slug"]
    list_select_related = ["room", "author"]
    ordering = ["-id"]
    actions = ["remove_messages"]

    def get_queryset(self, request):
        return super().get_queryset(request).exclude(room__access=Room.DIRECT)

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False  # offsets must have no gaps, so removing a message keeps its row

    def remove_messages(self, request, queryset):
        count = rooms.remove_as_operator(request.user, queryset)
        self.message_user(request, gettext("Removed messages: %(number)s.") % {"number": count})

    remove_messages.short_description = gettext_lazy("Remove the selected messages")
    remove_messages.allowed_permissions = ("change",)
