"""
The operators' pages for speaking from outside: announcements, and what can be said and done to chosen people.
"""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm

from chat import protocol
from chat.models import Announcement
from chat.protocol import ChatError
from chat.services import announcements, people, rooms

HOUR = 3600


def checked(check, value):
    """Returns a value as the wire's check does, with its refusal as the form's error."""
    try:
        return check(value)
    except ChatError as refusal:
        raise forms.ValidationError(refusal.detail) from None


class AnnouncementForm(forms.ModelForm):
    """What is said, to whom, and for how long newcomers hear it."""

    slug = forms.CharField(
        label="Room",
        required=False,
        help_text="The room's address; empty to speak to everybody. To speak to one person, choose them under People.",
    )
    hours = forms.FloatField(
        initial=settings.CHAT_ANNOUNCEMENT_SECONDS / HOUR,
        min_value=0.01,
        max_value=protocol.MAX_SECONDS / HOUR,
        help_text="For so many hours whoever comes hears it, too.",
    )

    class Meta:
        model = Announcement
        fields = ["text", "level"]

    def clean_text(self):
        return checked(protocol.check_announcement, self.cleaned_data["text"])

    def clean_slug(self):
        return checked(rooms.get_room, self.cleaned_data["slug"]).slug if self.cleaned_data["slug"] else None

    def clean_hours(self):
        return checked(protocol.check_seconds, round(self.cleaned_data["hours"] * HOUR))


@admin.register(Announcement)
class AnnouncementAdmin(admin.ModelAdmin):
    """Add one to announce, delete one to withdraw it. They are not changed: some have heard it already."""

    list_display = ["text", "level", "room", "person", "created_at", "created_by", "expires_at"]
    list_filter = ["level"]
    list_select_related = ["room", "person", "created_by"]
    search_fields = ["text", "room__slug", "person__handle"]
    ordering = ["-id"]
    fields = ["text", "level", "room", "person", "created_at", "created_by", "expires_at"]

    def get_form(self, request, obj=None, change=False, **kwargs):
        return AnnouncementForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request, obj=None):
        return ["text", "level", "slug", "hours"] if obj is None else self.fields

    def has_change_permission(self, request, obj=None):
        return False if obj else super().has_change_permission(request)

    def get_queryset(self, request):
        return super().get_queryset(request).current()

    def delete_model(self, request, obj):
        announcements.withdraw_announcement(obj.id)

    def delete_queryset(self, request, queryset):
        for announcement in queryset:
            announcements.withdraw_announcement(announcement.id)

    def save_model(self, request, obj, form, change):
        said = form.cleaned_data
        announcement = announcements.announce(said["text"], said["level"], said["slug"], said["hours"], by=request.user)
        obj.pk = announcement.pk


class PeopleActionForm(ActionForm):
    """The people's list, with a line to say something in."""

    text = forms.CharField(required=False, label="Say", widget=forms.TextInput({"placeholder": "for: whisper"}))


class PeopleActions:
    """What an operator says and does to the people chosen from a list. For a ModelAdmin of people."""

    action_form = PeopleActionForm
    actions = ["whisper", "disconnect"]

    def whisper(self, request, queryset):
        text = request.POST.get("text", "")
        self._each(request, queryset, lambda person: announcements.whisper(person, text, by=request.user))

    def disconnect(self, request, queryset):
        self._each(request, queryset, people.disconnect)

    def _each(self, request, queryset, act):
        done = []
        # By themselves, and not by their handle: it may be another's, too, of whoever is on a board.
        for person in queryset.filter(is_active=True):
            try:
                act(person)
            except ChatError as refusal:
                return self.message_user(request, f"{person.handle}: {refusal.detail}", "error")
            done.append(person.handle)
        return self.message_user(request, f"Done: {', '.join(done) or 'none of these is here any more'}.")

    whisper.short_description = "Whisper the text to the selected people"
    disconnect.short_description = "Disconnect the selected people"
    whisper.allowed_permissions = disconnect.allowed_permissions = ("change",)
