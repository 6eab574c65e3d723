"""
The admin's pages of announcements, and the actions on selected people: whisper and disconnect.

This module must not write rows. The announcements service writes them, and publishes to open connections.
"""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.utils.translation import gettext, gettext_lazy

from chat import protocol
from chat.admin.accessible import AccessibleAdmin
from chat.admin.forms import clean_with
from chat.admin.read_only import NoChangeForm
from chat.http.responses import translate_detail
from chat.markup.direction import isolate
from chat.models import Announcement
from chat.protocol import ChatError
from chat.services import announcements, people, rooms

HOUR_SECONDS = 3600


class AnnouncementForm(forms.ModelForm):
    """The form of an announcement: its text, its level, its room, and when it expires."""

    slug = forms.CharField(
        label=gettext_lazy("Room"),
        required=False,
        help_text=gettext_lazy(
            "The address of the room. Leave it empty to announce to everybody. To announce to one person, "
            "use the action in the list of people."
        ),
    )
    hours = forms.FloatField(
        initial=settings.CHAT_ANNOUNCEMENT_SECONDS / HOUR_SECONDS,
        min_value=0.01,
        max_value=protocol.MAX_SECONDS / HOUR_SECONDS,
        help_text=gettext_lazy("It expires after this many hours. People who connect before that receive it too."),
    )

    class Meta:
        model = Announcement
        fields = ["text", "level"]

    def clean_text(self):
        return clean_with(protocol.check_announcement, self.cleaned_data["text"])

    def clean_slug(self):
        return clean_with(rooms.get_room, self.cleaned_data["slug"]).slug if self.cleaned_data["slug"] else None

    def clean_hours(self):
        return clean_with(protocol.check_seconds, round(self.cleaned_data["hours"] * HOUR_SECONDS))


@admin.register(Announcement)
class AnnouncementAdmin(NoChangeForm, AccessibleAdmin):
    """
    The page of announcements. Adding an announcement publishes it, and deleting an announcement withdraws it.

    An announcement cannot be changed, because people may have received it already.
    """

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

    def get_queryset(self, request):
        # Leave out reminders: people have written them for themselves, so operators must not read them.
        return super().get_queryset(request).current().filter(reminder=None)

    def delete_model(self, request, obj):
        announcements.withdraw_announcement(obj.id)

    def delete_queryset(self, request, queryset):
        for announcement in queryset:
            announcements.withdraw_announcement(announcement.id)

    def save_model(self, request, obj, form, change):
        fields = form.cleaned_data
        announcement = announcements.announce(
            fields["text"], fields["level"], fields["slug"], fields["hours"], by=request.user
        )
        obj.pk = announcement.pk


class PeopleActionForm(ActionForm):
    """The form that chooses an action on selected people, with the text of a whisper."""

    text = forms.CharField(
        required=False,
        label=gettext_lazy("Text"),
        widget=forms.TextInput({"placeholder": gettext_lazy("text of the whisper")}),
    )


class PeopleActions:
    """A mixin for the ModelAdmin of people: actions of an operator on selected people."""

    action_form = PeopleActionForm
    actions = ["whisper", "disconnect"]

    def whisper(self, request, queryset):
        text = request.POST.get("text", "")
        self._act_on_each(request, queryset, lambda person: announcements.whisper(person, text, by=request.user))

    def disconnect(self, request, queryset):
        self._act_on_each(request, queryset, people.disconnect)

    def _act_on_each(self, request, queryset, act):
        done = []
        # Pass the Person, not the handle: an account may have the same handle as a person who exists only on a board.
        for person in queryset.filter(is_active=True):
            try:
                act(person)
            except ChatError as error:
                return self.message_user(request, f"{isolate(person.handle)}: {translate_detail(error)}", "error")
            done.append(person.handle)
        text = gettext("Done: %(people)s.") if done else gettext("Done: none of the selected people is active.")
        return self.message_user(request, text % {"people": ", ".join(done)})

    whisper.short_description = gettext_lazy("Whisper the text to the selected people")
    disconnect.short_description = gettext_lazy("Disconnect the selected people")
    whisper.allowed_permissions = disconnect.allowed_permissions = ("change",)
